#include "core/plan/branch_name.h"

#include "core/plan/pull_request_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace linkspan::plan {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::size_t kLongestPart = 60;

// One part of a ref without '/'. Names that had to change, or to be cut, carry a hash.
std::string part_of(std::string_view text) {
    std::string part;
    for (const char c : text) {
        const bool fine = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
                          c == '-' || (c == '.' && !part.empty() && part.back() != '.');
        part += fine ? c : '-';
    }
    while (part.ends_with('.') || part.ends_with('-')) part.pop_back();
    while (part.starts_with('-')) part.erase(0, 1);
    if (part.ends_with(".lock")) part.resize(part.size() - 5);
    if (part.size() > kLongestPart) part.resize(kLongestPart);
    if (part == text) return part;
    return fmt::format(
        "{}{}{:08x}", part, part.empty() ? "" : "-", fingerprint(text) & 0xffffffffU
    );
}

}  // namespace

bool is_branch_name(std::string_view name) {
    if (name.empty() || name.size() > kLongest || name == "@" || name == "HEAD") return false;
    if (name.front() == '-' || name.front() == '/' || name.back() == '/' || name.back() == '.') {
        return false;
    }
    if (name.find("..") != std::string_view::npos || name.find("@{") != std::string_view::npos ||
        name.find("//") != std::string_view::npos) {
        return false;
    }
    for (const char c : name) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f ||
            std::string_view{"~^:?*[\\"}.find(c) != std::string_view::npos) {
            return false;
        }
    }
    std::size_t begin = 0;
    while (begin <= name.size()) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        const std::string_view part = name.substr(begin, end - begin);
        if (part.starts_with('.') || part.ends_with(".lock")) return false;
        begin = end + 1;
    }
    return true;
}

Result<std::string> branch_name(
    std::string_view text, std::string_view target, std::string_view group
) {
    if (text.empty()) text = kDefaultBranch;
    std::string name;
    bool has_group = false;
    std::size_t i = 0;
    while (i < text.size()) {
        const std::size_t open = text.find('{', i);
        name += text.substr(i, open - i);
        if (open == std::string_view::npos) break;
        const std::size_t close = std::min(text.find('}', open), text.size() - 1);
        const std::string_view what = text.substr(open, close - open + 1);
        if (what == "{target}") {
            name += part_of(target);
        } else if (what == "{group}") {
            name += group.empty() ? "all" : part_of(group);
            has_group = true;
        } else {
            return Error{
                Errc::InvalidInput,
                fmt::format("\"{}\" in a branch name; known: {{target}}, {{group}}", what)};
        }
        i = close + 1;
    }
    if (!has_group && !group.empty()) name += "--" + part_of(group);
    // A template that is fine with short names is fine with long ones.
    if (name.size() > kLongest) {
        std::string cut = name.substr(0, kLongest - 9);
        while (cut.ends_with('/') || cut.ends_with('.')) cut.pop_back();
        name = fmt::format("{}-{:08x}", cut, fingerprint(name) & 0xffffffffU);
    }
    if (!is_branch_name(name)) {
        return Error{Errc::InvalidInput, fmt::format("no branch can be named \"{}\"", name)};
    }
    return name;
}

}  // namespace linkspan::plan
