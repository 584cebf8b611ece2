#include "core/glob.h"

#include <cstddef>
#include <string>
#include <vector>

namespace linkspan {
namespace {

// At most this many alternatives of {a,b}{c,d}… are tried: a pattern is an operator's, but may be
// mistyped.
constexpr std::size_t kMaxAlternatives = 256;

void expand(std::string_view pattern, std::vector<std::string>& out) {
    std::size_t open = std::string_view::npos;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '{') {
            open = i;
            break;
        }
    }
    const std::size_t close = open == std::string_view::npos ? open : pattern.find('}', open);
    if (close == std::string_view::npos || out.size() >= kMaxAlternatives) {
        out.emplace_back(pattern);
        return;
    }
    std::string_view body = pattern.substr(open + 1, close - open - 1);
    while (true) {
        const std::size_t comma = body.find(',');
        std::string one{pattern.substr(0, open)};
        one += body.substr(0, comma);
        one += pattern.substr(close + 1);
        expand(one, out);
        if (comma == std::string_view::npos) return;
        body.remove_prefix(comma + 1);
    }
}

// Reads one set "[…]" at pattern[at]; returns the index after it, or 0 when it is not closed.
std::size_t read_set(std::string_view pattern, std::size_t at, char c, bool& matched) {
    std::size_t i = at + 1;
    bool negated = false;
    if (i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^')) {
        negated = true;
        ++i;
    }
    bool found = false;
    const std::size_t first = i;
    for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            found = found || (pattern[i] <= c && c <= pattern[i + 2]);
            i += 2;
        } else {
            found = found || pattern[i] == c;
        }
    }
    if (i >= pattern.size()) return 0;
    matched = found != negated && c != '/';
    return i + 1;
}

// Dynamic programming over (pattern position, text position): row[j] says whether the pattern so
// far matches the first j characters. No recursion, no exponential case.
bool matches_one(std::string_view pattern, std::string_view text) {
    const std::size_t n = text.size();
    std::vector<char> row(n + 1, 0);
    std::vector<char> next(n + 1, 0);
    row[0] = 1;
    std::size_t i = 0;
    while (i < pattern.size()) {
        next.assign(n + 1, 0);
        const char p = pattern[i];
        if (p == '*') {
            const bool deep = i + 1 < pattern.size() && pattern[i + 1] == '*';
            i += deep ? 2 : 1;
            // "**/" also matches nothing, so that "**/x" finds a top-level x.
            const bool slash = deep && i < pattern.size() && pattern[i] == '/';
            bool open = false;
            for (std::size_t j = 0; j <= n; ++j) {
                if (row[j]) open = true;
                if (open) next[j] = 1;
                if (j < n && text[j] == '/' && !deep) open = false;
            }
            if (slash) {
                std::vector<char> after(n + 1, 0);
                for (std::size_t j = 0; j <= n; ++j) {
                    if (row[j]) after[j] = 1;
                    if (j < n && next[j] && text[j] == '/') after[j + 1] = 1;
                }
                next.swap(after);
                ++i;
            }
            row.swap(next);
            continue;
        }
        std::size_t step = 1;
        for (std::size_t j = 0; j < n; ++j) {
            if (!row[j]) continue;
            bool ok = false;
            if (p == '?') {
                ok = text[j] != '/';
            } else if (p == '[') {
                const std::size_t end = read_set(pattern, i, text[j], ok);
                if (end == 0) ok = text[j] == '[';
            } else if (p == '\\' && i + 1 < pattern.size()) {
                ok = text[j] == pattern[i + 1];
            } else {
                ok = text[j] == p;
            }
            if (ok) next[j + 1] = 1;
        }
        if (p == '\\' && i + 1 < pattern.size()) step = 2;
        if (p == '[') {
            bool unused = false;
            const std::size_t end = read_set(pattern, i, 'x', unused);
            if (end != 0) step = end - i;
        }
        i += step;
        row.swap(next);
    }
    return row[n] != 0;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
    std::vector<std::string> alternatives;
    expand(pattern, alternatives);
    for (const std::string& one : alternatives) {
        if (matches_one(one, text)) return true;
    }
    return false;
}

std::string glob_from_git(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\' && i + 1 < pattern.size()) {
            out += c;
            out += pattern[++i];
        } else if (c == '{' || c == '}' || c == ',') {
            out += '\\';
            out += c;
        } else if (c == '*') {
            std::size_t end = i;
            while (end < pattern.size() && pattern[end] == '*') ++end;
            const bool alone = end - i == 2 && (i == 0 || pattern[i - 1] == '/') &&
                               (end == pattern.size() || pattern[end] == '/');
            out += alone ? "**" : "*";
            i = end - 1;
        } else if (c == '[' && i + 1 < pattern.size() && pattern[i + 1] == '^') {
            out += "[!";
            ++i;
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace linkspan
