#include "core/manifest/code_points.h"

#include <algorithm>

namespace linkspan::manifest {

namespace {

// Bytes of the form 10xxxxxx go on with a character.
constexpr bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

}  // namespace

CodePoints::CodePoints(std::string_view text) : text_{text} {
    ascii_ = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x80U;
    });
    if (ascii_) return;
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!begins_character(text[i])) continue;
        if (count++ % kStride == 0) every_.push_back(static_cast<std::uint32_t>(i));
    }
}

std::size_t CodePoints::offset(std::size_t index) const {
    if (ascii_) return std::min(index, text_.size());
    if (index / kStride >= every_.size()) return text_.size();
    std::size_t at = every_[index / kStride];
    for (std::size_t left = index % kStride; left > 0 && at < text_.size(); --left) {
        ++at;
        while (at < text_.size() && !begins_character(text_[at])) ++at;
    }
    return at;
}

}  // namespace linkspan::manifest
