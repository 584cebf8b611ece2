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

bool is_upper(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string lower(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
    return out;
}

// "GH-1" and "GL-1", in any case: issues of GitHub and GitLab.
bool names_own_issue(std::string_view line, std::size_t dash) {
    return dash >= 2 && lower(line[dash - 2]) == 'g' &&
           (lower(line[dash - 1]) == 'h' || lower(line[dash - 1]) == 'l') &&
           (dash == 2 || !letter_or_digit(line[dash - 3]));
}

// "JIRA-1", "AB2_C-1": issues of other trackers.
bool names_issue(std::string_view line, std::size_t dash) {
    std::size_t begin = dash;
    while (begin > 0 &&
           (is_upper(line[begin - 1]) || is_digit(line[begin - 1]) || line[begin - 1] == '_')) {
        --begin;
    }
    for (; begin < dash; ++begin) {
        if (is_upper(line[begin])) return true;
    }
    return names_own_issue(line, dash);
}

// "[skip ci]", "[ci-skip]", "[no ci]", "[skip azp]": what CI systems obey wherever it stands; and
// "[issue:1]", "[work_item:1]", which are references of GitLab.
bool opens_command(std::string_view line, std::size_t bracket) {
    std::size_t end = bracket + 1;
    while (end < line.size() && line[end] != ']' && end - bracket < 80) ++end;
    const std::string inside = lower(line.substr(bracket + 1, end - bracket - 1));
    if (inside.find("skip") != std::string::npos) return true;
    const auto word = std::min(inside.find_first_not_of(' '), inside.size());
    if (inside.compare(word, 2, "no") == 0 &&
        (inside.size() == word + 2 || !letter_or_digit(inside[word + 2]))) {
        return true;
    }
    const auto name = inside.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    return name != 0 && name != std::string::npos && inside[name] == ':';
}

// "skip-checks: true" skips checks on GitHub and Azure.
bool ends_skip(std::string_view line, std::size_t at) {
    return at >= 3 && lower(line.substr(at - 3, 4)) == "skip" &&
           lower(line.substr(at + 1, 7)) == "-checks";
}

// "Signed-off-by: …" where a line may begin with it.
bool begins_trailer(std::string_view line, std::size_t dash) {
    const auto begin = line.find_first_not_of(' ');
    const auto colon = line.find(':', dash);
    if (colon == std::string_view::npos || begin >= dash || line.find('-') != dash) return false;
    const auto key = line.substr(begin, colon - begin);
    return std::all_of(key.begin(), key.end(), [](char c) {
        return letter_or_digit(c) || c == '-';
    });
}

bool is_digest_at(std::string_view text) {
    return text.starts_with("sha256:") || text.starts_with("sha512:");
}

// Whether something reads a meaning into the characters from `at` on although it does not see them
// rendered: issue trackers that look for "fixes #1" in the bare text (GitLab does, in code spans
// too), CI systems, and whatever links commit messages and titles. A word alone, such as a tag,
// keeps what only has a meaning beside other words.
bool means_something_bare(std::string_view line, std::size_t at, bool sentence) {
    const char c = line[at];
    const char next = at + 1 < line.size() ? line[at + 1] : '\0';
    const bool named = letter_or_digit(next) || next == '_' || next == '"';
    switch (c) {
        case '@':
            return named && !is_digest_at(line.substr(at + 1));
        case '#':
            return true;
        case '[':
            return opens_command(line, at);
        case '*':
            return next == '*';
        case 'p':
        case 'P':
            return ends_skip(line, at);
        case '-':
            if (is_digit(next) && at > 0) {
                return sentence ? names_issue(line, at) : names_own_issue(line, at);
            }
            return sentence && begins_trailer(line, at);
        case '!':
        case '~':
        case '$':
        case '%':
        case '^':
        case '&':
            return named && (sentence || at == 0 || is_digit(next));
        case ':':
            return line.substr(at + 1, 2) == "//" ||
                   (sentence && (next == '/' || picture_at(line, at)));
        case '.':
            return sentence && letter_or_digit(next) && at >= 3 && lower(line[at - 1]) == 'w' &&
                   lower(line[at - 2]) == 'w' && lower(line[at - 3]) == 'w';
        default:
            return false;
    }
}

std::string with_breaks(std::string_view line, bool sentence) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        out += line[i];
        if (means_something_bare(line, i, sentence)) out += kNoWidth;
    }
    return out;
}

bool is_sentence(std::string_view line) { return line.find(' ') != std::string_view::npos; }

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
    const std::string line = one_line(text, longest);
    const bool sentence = is_sentence(line);
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        switch (const char c = line[i]) {
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
        if (means_something_bare(line, i, sentence)) out += kNoWidth;
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

std::string plain(std::string_view text, std::size_t longest) {
    const std::string line = one_line(text, longest);
    return is_plain_url(line) ? line : with_breaks(line, is_sentence(line));
}

std::string title(std::string_view text, std::size_t longest) {
    return with_breaks(one_line(text, longest), true);
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
            // The end of one could be the beginning of another.
            for (std::size_t at = 0; at < commit; at += 6) {
                if (at > 0) out += kNoWidth;
                out += line.substr(i + at, std::min<std::size_t>(6, commit - at));
            }
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
            // Rendering takes the backslash away before GitLab looks for "[issue:1]".
            case '[':
                out += "\\[";
                if (opens_command(line, i)) out += kNoWidth;
                break;
            case '\\':
            case '*':
            case '_':
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
            case '%':
            case '^':
                out += c;
                out += kNoWidth;
                break;
            case '~':  // and ~deleted~, $mathematics$
            case '$':
                out += '\\';
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
                if (c == '-' && i > 0 &&
                    (is_digit(next) ? names_issue(line, i) : begins_trailer(line, i))) {
                    out += kNoWidth;
                }
                break;
            default:
                out += c;
                if (ends_skip(line, i)) out += kNoWidth;
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
