#include "core/manifest/plain.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace linkspan::manifest {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_octal(char c) { return c >= '0' && c <= '7'; }
constexpr bool is_binary(char c) { return c == '0' || c == '1'; }

bool all(std::string_view text, bool (*test)(char)) {
    return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

// Takes leading digits off `text`; how many there were.
std::size_t take_digits(std::string_view& text) {
    const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto count = static_cast<std::size_t>(end - text.begin());
    text.remove_prefix(count);
    return count;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

bool is_word(std::string_view text) {
    static constexpr std::array kWords = {
        "null",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        ".inf",
        "+.inf",
        "-.inf",
        ".nan"};
    if (text.size() > 5) return false;
    std::string lower{text};
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return std::any_of(kWords.begin(), kWords.end(), [&](const char* w) { return lower == w; });
}

// 12, 1.5, .5, 1., 1e10, 1.5E-3; and 1.1's sexagesimal 190:20:30(.15).
bool is_decimal(std::string_view text) {
    const std::size_t whole = take_digits(text);
    if (whole > 0 && !text.empty() && text.front() == ':') {
        while (take(text, ':')) {
            const std::size_t part = take_digits(text);
            if (part == 0 || part > 2) return false;
        }
        if (take(text, '.')) take_digits(text);
        return text.empty();
    }
    std::size_t fraction = 0;
    if (take(text, '.')) fraction = take_digits(text);
    if (whole + fraction == 0) return false;
    if (take(text, 'e') || take(text, 'E')) {
        if (!take(text, '-')) take(text, '+');
        if (take_digits(text) == 0) return false;
    }
    return text.empty();
}

bool is_number(std::string_view text) {
    if (!take(text, '-')) take(text, '+');
    if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return false;
    // YAML 1.1 and go-yaml allow '_' between digits.
    std::string digits{text};
    std::erase(digits, '_');
    text = digits;
    if (text.size() > 2 && text[0] == '0') {
        const std::string_view rest = text.substr(2);
        switch (text[1]) {
            case 'x':
            case 'X':
                return all(rest, is_hex);
            case 'o':
            case 'O':
                return all(rest, is_octal);
            case 'b':
            case 'B':
                return all(rest, is_binary);
            default:
                break;
        }
    }
    return is_decimal(text);
}

// 2001-12-14, 2001-1-2, 2001-12-14T21:59:43(.10)(Z|+05:30): the date decides; a time behind it only
// counts when it looks like one, so that "2024-01-15-abc" stays a string.
bool is_date(std::string_view text) {
    if (take_digits(text) != 4 || !take(text, '-')) return false;
    const std::size_t month = take_digits(text);
    if (month == 0 || month > 2 || !take(text, '-')) return false;
    const std::size_t day = take_digits(text);
    if (day == 0 || day > 2) return false;
    if (text.empty()) return true;
    if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return false;
    const std::size_t hour = take_digits(text);
    return hour > 0 && hour <= 2 && take(text, ':');
}

}  // namespace

bool reads_as_other_type(std::string_view text) {
    return text.empty() || text == "~" || text == "<<" || text == "=" || is_word(text) ||
           is_number(text) || is_date(text);
}

bool can_be_plain(std::string_view text, bool flow) {
    if (text.empty() || text.front() == ' ' || text.back() == ' ') return false;
    const auto is_letter = [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               c == '/' || c == '.';
    };
    if (!is_letter(text.front()) || text.starts_with("...")) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_letter(c) || c == '-' || c == '+' || c == '=') continue;
        if (c == '@' || c == '$') continue;
        // ": " begins a value; in flow ":," and ":}" do too.
        if (c == ':' && i + 1 < text.size() && is_letter(text[i + 1])) continue;
        if (c == ' ' && !flow && text[i + 1] != '#') continue;
        return false;
    }
    return true;
}

}  // namespace linkspan::manifest
