#include "core/manifest/strict_reader.h"

#include <algorithm>
#include <cstddef>

namespace linkspan::manifest {

namespace {

void replace_lone_returns(std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) text[i] = '\n';
    }
}

void replace_tabs_of_empty_lines(std::string& text) {
    for (std::size_t line = 0; line < text.size();) {
        const std::size_t end = std::min(text.find('\n', line), text.size());
        const std::size_t content = std::min(text.find_first_not_of(" \t", line), end);
        if (content == end || text[content] == '#' || text[content] == '\r') {
            const auto begin = text.begin();
            std::replace(
                begin + static_cast<std::ptrdiff_t>(line),
                begin + static_cast<std::ptrdiff_t>(content),
                '\t',
                ' '
            );
        }
        line = end + 1;
    }
}

void move_surrogates(std::string& text) {
    static constexpr std::string_view kFrom = "89abcdef";
    for (std::size_t i = 0; i + 6 <= text.size(); ++i) {
        if (text[i] != '\\') continue;
        const std::size_t which = kFrom.find(static_cast<char>(text[i + 3] | 0x20));
        if (text[i + 1] == 'u' && (text[i + 2] == 'd' || text[i + 2] == 'D') &&
            which != std::string_view::npos) {
            text[i + 2] = 'e';
            text[i + 3] = static_cast<char>('0' + which);
        }
        ++i;  // an escaped backslash escapes nothing
    }
}

}  // namespace

std::optional<std::string> for_strict_reader(std::string_view text) {
    std::string out{text};
    replace_lone_returns(out);
    replace_tabs_of_empty_lines(out);
    move_surrogates(out);
    if (out == text) return std::nullopt;
    return out;
}

}  // namespace linkspan::manifest
