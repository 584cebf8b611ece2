#include "core/plan/markdown.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace linkspan::plan::markdown {
namespace {

constexpr std::string_view kNoWidth = "\u200b";

struct Point {
    char32_t value = 0xfffd;
    std::size_t bytes = 1;
};

// The character at the beginning of the text, which is not empty; U+FFFD for a byte that is none.
Point first_of(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = at(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
    char32_t value = lead & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((at(i) & 0xc0U) != 0x80) return {};
        value = (value << 6U) | (at(i) & 0x3fU);
    }
    const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    if (overlong || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {};
    return {value, bytes};
}

// Controls, line separators, and what changes the direction of text or is not to be seen.
bool is_hidden(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

bool letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

// How many of the characters at `at` some platform takes for the id of a commit; 0: none. Numbers
// alone are times and builds.
std::size_t commit_at(std::string_view line, std::size_t at) {
    if (at > 0 && letter_or_digit(line[at - 1])) return 0;
    std::size_t end = at;
    while (end < line.size() && is_hex(line[end])) ++end;
    if (end - at < 7 || (end < line.size() && letter_or_digit(line[end]))) return 0;
    const auto word = line.substr(at, end - at);
    const bool digits = std::any_of(word.begin(), word.end(), [](char c) { return c <= '9'; });
    const bool letters = std::any_of(word.begin(), word.end(), [](char c) { return c > '9'; });
    return digits && letters ? end - at : 0;
}

// ":tada:"
bool picture_at(std::string_view line, std::size_t at) {
    std::size_t end = at + 1;
    while (end < line.size() &&
           (letter_or_digit(line[end]) || std::string_view{"_+-"}.find(line[end]) < 3)) {
        ++end;
    }
    return end > at + 2 && end < line.size() && line[end] == ':';
}

// "1." and "1)" at the beginning of a line are lists.
bool ends_number(std::string_view line, std::size_t at) {
    return at > 0 && at < 10 && (at + 1 == line.size() || line[at + 1] == ' ') &&
           std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(at), [](char c) {
               return std::isdigit(static_cast<unsigned char>(c)) != 0;
           });
}

// "GH-1" and "gh-1" are issues of GitHub, "JIRA-1" of others.
bool names_issue(std::string_view line, std::size_t dash) {
    const char before = line[dash - 1];
    if (std::isupper(static_cast<unsigned char>(before)) != 0) return true;
    return dash >= 2 && (before | 0x20) == 'h' && (line[dash - 2] | 0x20) == 'g' &&
           (dash == 2 || !letter_or_digit(line[dash - 3]));
}

}  // namespace

std::string one_line(std::string_view text, std::size_t longest) {
    std::string out;
    while (!text.empty()) {
        const Point point = first_of(text);
        std::string_view piece = text.substr(0, point.bytes);
        text.remove_prefix(point.bytes);
        if (is_hidden(point.value)) {
            piece = " ";
        } else if (point.value == 0xfffd) {
            piece = "\ufffd";
        }
        if (out.size() + piece.size() > longest) return out + "…";
        out += piece;
    }
    return out;
}

std::string inside_code(std::string_view text, std::size_t longest) {
    std::string out;
    for (const char c : one_line(text, longest)) {
        switch (c) {
            case '`':
                out += "ˋ";
                break;
            case '<':
                out += "‹";
                break;
            case '>':
                out += "›";
                break;
            case '|':
                out += "¦";
                break;
            case '&':  // where a code span is HTML underneath, an entity would be read
                out += "＆";
                break;
            default:
                out += c;
        }
    }
    const bool blank = std::all_of(out.begin(), out.end(), [](char c) { return c == ' '; });
    if (blank) return "(none)";
    // A backslash before the closing backtick is no escape, but some readers take it for one.
    if (out.back() == '\\') out += ' ';
    return out;
}

std::string code(std::string_view text, std::size_t longest) {
    return "`" + inside_code(text, longest) + "`";
}

std::string prose(std::string_view text, std::size_t longest) {
    const std::string whole = one_line(text, longest);
    // Four blanks in front would make it a block of code.
    const std::string_view line =
        std::string_view{whole}.substr(std::min(whole.size(), whole.find_first_not_of(' ')));
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (const std::size_t commit = commit_at(line, i); commit > 0) {
            out += line.substr(i, 6);
            out += kNoWidth;
            out += line.substr(i + 6, commit - 6);
            i += commit - 1;
            continue;
        }
        const char next = i + 1 < line.size() ? line[i + 1] : '\0';
        switch (c) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '|':
                out += "¦";
                break;
            case '`':
                out += "ˋ";
                break;
            case '\\':
            case '*':
            case '_':
            case '[':
            case ']':
            case '{':
            case '}':
                out += '\\';
                out += c;
                break;
            // Mentions, and the references of the platforms: #1, !1, &1, ~label, $snippet,
            // %milestone, ^alert. Rendering would take a backslash away before they are looked for.
            case '@':
            case '#':
            case '!':
            case '~':
            case '$':
            case '%':
            case '^':
                out += c;
                out += kNoWidth;
                break;
            case '&':
                out += "&amp;";
                out += kNoWidth;
                break;
            // Bare addresses become links: https://…, www.…
            case ':':
                out += c;
                if (next == '/' || picture_at(line, i)) out += kNoWidth;
                break;
            // A command of GitLab's at the beginning of a line.
            case '/':
                if (i == 0) out += '\\';
                out += c;
                break;
            case ')':
                if (ends_number(line, i)) out += '\\';
                out += c;
                break;
            case '.':
                if (letter_or_digit(next) && i >= 3 && (line[i - 1] | 0x20) == 'w' &&
                    (line[i - 2] | 0x20) == 'w') {
                    out += kNoWidth;
                }
                if (ends_number(line, i)) out += '\\';
                out += c;
                break;
            // "GH-1"; and at the beginning of a line a list or a heading.
            case '-':
            case '+':
            case '=':
                if (i == 0) out += '\\';
                out += c;
                if (c == '-' && i > 0 && std::isdigit(static_cast<unsigned char>(next)) != 0 &&
                    names_issue(line, i)) {
                    out += kNoWidth;
                }
                break;
            default:
                out += c;
        }
    }
    return out;
}

bool is_plain_url(std::string_view url) {
    if (!url.starts_with("https://") && !url.starts_with("http://")) return false;
    if (url.size() > 2000) return false;
    const auto scheme = url.find("//") + 2;
    const std::string_view host = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
    if (host.empty() || host.find('@') != std::string_view::npos) return false;
    return std::all_of(url.begin(), url.end(), [](char c) {
        return letter_or_digit(c) ||
               std::string_view{"-._~:/?#@!$&*+,;=%"}.find(c) != std::string_view::npos;
    });
}

std::string link(std::string_view text, std::string_view url) {
    if (!is_plain_url(url)) return std::string{text};
    std::string out{"["};
    out += text;
    out += "](";
    for (const char c : url) {
        // Emphasis inside an address is read by some.
        if (c == '*') {
            out += "%2A";
        } else {
            out += c;
        }
    }
    return out + ")";
}

std::size_t length(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        const Point point = first_of(text);
        count += point.bytes == 4 ? 2 : 1;
        text.remove_prefix(point.bytes);
    }
    return count;
}

std::string_view cut(std::string_view text, std::size_t limit) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (bytes < text.size()) {
        const Point point = first_of(text.substr(bytes));
        const std::size_t units = point.bytes == 4 ? 2 : 1;
        if (count + units > limit) break;
        count += units;
        bytes += point.bytes;
    }
    return text.substr(0, bytes);
}

}  // namespace linkspan::plan::markdown
