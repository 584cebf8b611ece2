#include "core/image/quote.h"

#include <cstddef>

namespace linkspan::image {

namespace {

constexpr std::size_t kLongest = 128;
constexpr std::string_view kHex = "0123456789abcdef";

}  // namespace

std::string quote(std::string_view text) {
    std::string out = "\"";
    for (const char c : text.substr(0, kLongest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte >= 0x7f) {
            // Not only controls: bidirectional marks and look-alikes would mislead a reader.
            out += "\\x";
            out += kHex[byte >> 4U];
            out += kHex[byte & 0xfU];
        } else {
            out += c;
        }
    }
    out += '"';
    if (text.size() > kLongest) out += "…";
    return out;
}

}  // namespace linkspan::image
