#include "config/quote.h"

#include <cstddef>

namespace linkspan::config {

namespace {
constexpr std::size_t kLongest = 80;
}

std::string one_line(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return out;
}

std::string printable(std::string_view text) {
    if (text.size() <= kLongest) return one_line(text);
    std::size_t end = kLongest;
    // Not in the middle of a UTF-8 sequence.
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return one_line(text.substr(0, end)) + "…";
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
