#include "config/quote.h"

#include <cstddef>

namespace linkspan::config {

namespace {
constexpr std::size_t kLongest = 80;
}

std::string printable(std::string_view text) {
    std::string out;
    bool cut = text.size() > kLongest;
    if (cut) {
        std::size_t end = kLongest;
        // Not in the middle of a UTF-8 sequence.
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
        text = text.substr(0, end);
    }
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    if (cut) out += "…";
    return out;
}

std::string quote(std::string_view text) { return '"' + printable(text) + '"'; }

std::string enumerate(std::span<const std::string> words, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) {
            if (i + 1 == words.size()) {
                out.append(" ").append(last).append(" ");
            } else {
                out += ", ";
            }
        }
        out += words[i];
    }
    return out;
}

}  // namespace linkspan::config
