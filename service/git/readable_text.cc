#include "service/git/readable_text.h"

namespace linkspan::git {
namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

// The second byte of U+0080 to U+009F, which some terminals take for control characters.
bool is_c1(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]) == 0xc2 && at + 1 < text.size() &&
           static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
           static_cast<unsigned char>(text[at + 1]) <= 0x9f;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

void take_off_blanks(std::string& text) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
}

}  // namespace

std::string readable_lines(std::string_view text) {
    std::string result;
    std::size_t line = 0;  // where the last line begins
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r') {
            const bool line_end = i + 1 == text.size() || text[i + 1] == '\n';
            if (!line_end) result.resize(line);
        } else if (c == '\n') {
            result += c;
            line = result.size();
        } else if (is_c1(text, i)) {
            ++i;
        } else if (c == '\t' || !is_control(c)) {
            result += c;
        }
    }
    return result;
}

std::string readable_line(std::string_view text, std::size_t limit) {
    std::string result;
    for (char c : readable_lines(text)) {
        if (c == '\n' || c == '\t') c = ' ';
        if (c == ' ' && (result.empty() || result.back() == ' ')) continue;
        result += c;
    }
    take_off_blanks(result);
    if (result.size() <= limit) return result;
    while (limit > 0 && is_continuation(result[limit])) --limit;
    result.resize(limit);
    take_off_blanks(result);
    return result + "…";
}

}  // namespace linkspan::git
