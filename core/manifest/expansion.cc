#include "core/manifest/expansion.h"

#include <algorithm>
#include <cctype>

namespace linkspan::manifest {

namespace {

constexpr int kDeepest = 8;

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Expands from `at` to the closing brace of the default that it is in, or to the end.
bool expand(std::string_view value, std::size_t& at, int depth, Expansion& out) {
    while (at < value.size()) {
        if (depth > 0 && value[at] == '}') return true;
        if (value[at] != '$') {
            out.text += value[at];
            out.origin.push_back(at++);
            continue;
        }
        if (depth == kDeepest || value.substr(at, 2) != "${") return false;
        at += 2;
        const std::size_t name = at;
        while (at < value.size() && is_name_character(value[at])) ++at;
        if (at == name) return false;
        if (value.substr(at, 2) == ":-") {
            at += 2;
        } else if (value.substr(at, 1) == "-") {
            ++at;
        } else {
            return false;
        }
        if (!expand(value, at, depth + 1, out) || at == value.size()) return false;
        ++at;  // the brace
    }
    return depth == 0;
}

}  // namespace

std::optional<Expansion> expand_defaults(std::string_view value) {
    Expansion out;
    std::size_t at = 0;
    if (!expand(value, at, 0, out)) return std::nullopt;
    return out;
}

}  // namespace linkspan::manifest
