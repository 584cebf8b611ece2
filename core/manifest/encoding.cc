#include "core/manifest/encoding.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::manifest {

namespace {

using std::operator""sv;

constexpr bool is_continuation(unsigned char c) { return (c & 0xC0U) == 0x80U; }

// Length of the sequence at `i`, or 0 when it is not UTF-8 (RFC 3629: no overlong forms, no
// surrogates, nothing past U+10FFFF).
std::size_t sequence(std::string_view text, std::size_t i) {
    const auto at = [&](std::size_t k) {
        return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U;
    };
    const unsigned lead = at(i);
    const unsigned second = at(i + 1);
    if (lead < 0x80) return 1;
    if (lead < 0xC2 || !is_continuation(static_cast<unsigned char>(second))) return 0;
    if (lead < 0xE0) return 2;
    if (!is_continuation(static_cast<unsigned char>(at(i + 2)))) return 0;
    if (lead < 0xF0) {
        if (lead == 0xE0 && second < 0xA0) return 0;
        if (lead == 0xED && second > 0x9F) return 0;
        return 3;
    }
    if (lead > 0xF4 || !is_continuation(static_cast<unsigned char>(at(i + 3)))) return 0;
    if (lead == 0xF0 && second < 0x90) return 0;
    if (lead == 0xF4 && second > 0x8F) return 0;
    return 4;
}

}  // namespace

bool has_wide_mark(std::string_view bytes) {
    return bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("\xFE\xFF"sv) ||
           bytes.starts_with("\x00\x00\xFE\xFF"sv);
}

std::optional<std::string> encoding_problem(std::string_view bytes) {
    if (has_wide_mark(bytes)) return "not UTF-8: a byte order mark of UTF-16 or UTF-32";
    std::size_t line = 1;
    // Most files are ASCII throughout, which is told without a branch for each byte.
    bool ascii = true;
    for (const char c : bytes) ascii &= static_cast<signed char>(c) > 0;
    if (ascii) return std::nullopt;
    for (std::size_t i = 0; i < bytes.size();) {
        const char c = bytes[i];
        if (c == '\0') return fmt::format("not text: line {}: a NUL byte", line);
        if (c == '\n') ++line;
        const std::size_t length = sequence(bytes, i);
        if (length == 0) {
            return fmt::format(
                "not UTF-8: line {}: byte 0x{:02x}", line, static_cast<unsigned char>(c)
            );
        }
        i += length;
    }
    return std::nullopt;
}

}  // namespace linkspan::manifest
