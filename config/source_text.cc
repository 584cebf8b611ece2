#include "config/source_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::config {

namespace {

// Length of the UTF-8 sequence at `at`, 0 when it is not well formed (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto within = [](unsigned b, unsigned low, unsigned high) {
        return b >= low && b <= high;
    };
    const auto tail = [&](std::size_t i) { return within(byte(i), 0x80, 0xBF); };
    const unsigned lead = byte(at);
    if (lead < 0x80) return 1;
    if (within(lead, 0xC2, 0xDF)) return tail(at + 1) ? 2 : 0;
    if (within(lead, 0xE0, 0xEF)) {
        const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned high = lead == 0xED ? 0x9F : 0xBF;
        return within(byte(at + 1), low, high) && tail(at + 2) ? 3 : 0;
    }
    if (within(lead, 0xF0, 0xF4)) {
        const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;
        return within(byte(at + 1), low, high) && tail(at + 2) && tail(at + 3) ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::optional<Problem> check_source(std::string_view text) {
    if (text.size() > kMaxText) {
        return Problem{
            {}, fmt::format("the file has {} bytes; at most {} are read", text.size(), kMaxText)};
    }
    Mark mark;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = utf8_length(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        if (length == 0) {
            return Problem{
                mark,
                fmt::format("byte 0x{:02x} is not UTF-8; save the file in that encoding", byte)};
        }
        const bool control = byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
        if (control || byte == 0x7f) {
            return Problem{mark, fmt::format("control character 0x{:02x}; remove it", byte)};
        }
        if (byte == '\n') {
            mark = {.line = mark.line + 1, .column = 1};
        } else {
            ++mark.column;
        }
        i += length;
    }
    return std::nullopt;
}

SourceText::SourceText(std::string_view text) : text_{text} {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') starts_.push_back(i + 1);
    }
}

Mark SourceText::mark(std::size_t line, std::size_t byte) const {
    Mark mark{.line = line + 1, .column = 1};
    if (line >= starts_.size()) return mark;
    // A file of one endless line costs no more than others: nobody counts characters there.
    constexpr std::size_t kCounted = 4096;
    if (byte > kCounted) {
        mark.column = byte + 1;
        return mark;
    }
    for (const char c : text_.substr(starts_[line], byte)) {
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++mark.column;
    }
    return mark;
}

std::string_view SourceText::from(std::size_t line, std::size_t byte) const {
    if (line >= starts_.size() || starts_[line] + byte > text_.size()) return {};
    return text_.substr(starts_[line] + byte);
}

bool begins_with_null(std::string_view rest) {
    return !rest.empty() && (rest[0] == '~' || rest[0] == 'n' || rest[0] == 'N');
}

bool begins_with_open_quote(std::string_view rest) {
    while (!rest.empty() && (rest[0] == '&' || rest[0] == '!')) {
        rest.remove_prefix(std::min(rest.find_first_of(" \t\r\n"), rest.size()));
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    }
    if (rest.empty() || (rest[0] != '"' && rest[0] != '\'')) return false;
    const char quote = rest[0];
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (quote == '"' && rest[i] == '\\') {
            ++i;
        } else if (rest[i] == quote) {
            if (quote == '"' || i + 1 >= rest.size() || rest[i + 1] != quote) return false;
            ++i;  // '' is one quote inside
        }
    }
    return true;
}

}  // namespace linkspan::config
