#include "core/manifest/spelling.h"

#include "core/image/quote.h"
#include "core/manifest/plain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace linkspan::manifest {

namespace {

std::string in_single_quotes(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'') out += '\'';
        out += c;
    }
    return out;
}

std::string in_double_quotes(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
            out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out;
}

std::size_t utf8_size(std::uint32_t code) {
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

std::string respell_quoted(
    std::string_view raw, std::string_view before, std::string_view after, bool double_quoted
) {
    const auto encode = [&](std::string_view text) {
        return double_quoted ? in_double_quotes(text) : in_single_quotes(text);
    };
    if (raw == before) return encode(after);
    const std::vector<Unit> units = units_of(raw, double_quoted);
    if (units.empty() || units.back().value_end != before.size()) return encode(after);
    const auto shared = static_cast<std::size_t>(
        std::mismatch(before.begin(), before.end(), after.begin(), after.end()).first -
        before.begin()
    );
    std::size_t head_raw = 0;
    std::size_t head_value = 0;
    for (const Unit& unit : units) {
        if (unit.value_end > shared) break;
        head_raw = unit.raw_end;
        head_value = unit.value_end;
    }
    return std::string{raw.substr(0, head_raw)} + encode(after.substr(head_value));
}

Result<std::string> respell_block(
    std::string_view token, std::string_view before, std::string_view after
) {
    const std::size_t header_end = std::min(token.find_first_of("\r\n"), token.size());
    const std::string_view body = token.substr(header_end);
    const std::size_t first = body.find_first_not_of(" \t\r\n");
    const std::size_t last = body.find_last_not_of(" \t\r\n");
    if (first == std::string_view::npos || body.substr(first, last - first + 1) != before) {
        return Error{Errc::InvalidInput, "the block scalar holds more than one line"};
    }
    std::string out{token.substr(0, header_end + first)};
    out += after;
    out += body.substr(last + 1);
    return out;
}

}  // namespace

namespace {

std::string_view text_of(const Scalar& scalar) {
    std::string_view value = scalar.value;
    if (scalar.style == ScalarStyle::Literal || scalar.style == ScalarStyle::Folded) {
        const std::size_t first = value.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) return {};
        value = value.substr(first, value.find_last_not_of(" \t\r\n") - first + 1);
    }
    return value;
}

}  // namespace

std::string_view core_of(const Scalar& scalar) {
    if (!scalar.part) return text_of(scalar);
    const std::string_view value = scalar.value;
    if (scalar.part->begin > scalar.part->end || scalar.part->end > value.size()) return {};
    return value.substr(scalar.part->begin, scalar.part->size());
}

std::string with_core(const Scalar& scalar, std::string_view core) {
    const std::string_view old = core_of(scalar);
    const std::size_t at = old.empty() ? (scalar.part ? scalar.part->begin : 0)
                                       : static_cast<std::size_t>(old.data() - scalar.value.data());
    std::string out = scalar.value;
    if (at <= out.size()) out.replace(at, old.size(), core);
    return out;
}

std::vector<Unit> units_of(std::string_view raw, bool double_quoted) {
    std::vector<Unit> out;
    std::size_t value = 0;
    for (std::size_t i = 0; i < raw.size();) {
        std::size_t width = 1;
        std::size_t size = 1;
        if (raw[i] == '\n' || raw[i] == '\r') return {};
        if (double_quoted && raw[i] == '\\') {
            if (i + 1 >= raw.size()) return {};
            const char kind = raw[i + 1];
            const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
            width = 2 + digits;
            if (i + width > raw.size() || kind == '\n' || kind == '\r') return {};
            if (digits > 0) {
                std::uint32_t code = 0;
                for (const char c : raw.substr(i + 2, digits)) {
                    const std::size_t digit =
                        std::string_view{"0123456789abcdef"}.find(static_cast<char>(c | 0x20));
                    if (digit == std::string_view::npos) return {};
                    code = code << 4U | static_cast<std::uint32_t>(digit);
                }
                size = utf8_size(code);
            } else if (kind == 'N' || kind == '_') {
                size = 2;
            } else if (kind == 'L' || kind == 'P') {
                size = 3;
            }
        } else if (!double_quoted && raw.substr(i, 2) == "''") {
            width = 2;
        }
        i += width;
        value += size;
        out.push_back({i, value});
    }
    return out;
}

std::string spell(std::string_view value, char style, char quote, bool flow) {
    if (style == ' ') {
        if (can_be_plain(value, flow) && !reads_as_other_type(value)) return std::string{value};
        style = quote;
    }
    return style == '\'' ? "'" + in_single_quotes(value) + "'"
                         : "\"" + in_double_quotes(value) + "\"";
}

Result<std::string> respell(std::string_view token, const Scalar& scalar, std::string_view core) {
    const std::string whole = with_core(scalar, core);
    std::string_view value = whole;
    if (scalar.style == ScalarStyle::Literal || scalar.style == ScalarStyle::Folded) {
        value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
        value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
    }
    if (value.find_first_of("\r\n") != std::string_view::npos) {
        return Error{Errc::InvalidInput, "the new value holds a line break"};
    }
    if (scalar.text) return whole;
    switch (scalar.style) {
        case ScalarStyle::Plain:
            // A tag says what the text is, whatever it looks like.
            if (scalar.tagged && can_be_plain(value, scalar.flow)) return std::string{value};
            // What is around the part was plain before.
            if (scalar.part && can_be_plain(core, scalar.flow) && !reads_as_other_type(value)) {
                return whole;
            }
            return spell(value, ' ', scalar.json ? '"' : scalar.quote, scalar.flow);
        case ScalarStyle::SingleQuoted:
        case ScalarStyle::DoubleQuoted: {
            if (token.size() < 2) return Error{Errc::Internal, "a quoted scalar without quotes"};
            const bool twice = scalar.style == ScalarStyle::DoubleQuoted;
            const char mark = twice ? '"' : '\'';
            return mark +
                   respell_quoted(token.substr(1, token.size() - 2), scalar.value, value, twice) +
                   mark;
        }
        case ScalarStyle::Literal:
        case ScalarStyle::Folded:
            return respell_block(token, text_of(scalar), value);
    }
    return Error{Errc::Internal, "unknown scalar style"};
}

}  // namespace linkspan::manifest
