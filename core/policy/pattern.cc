#include "core/policy/pattern.h"

#include "core/image/quote.h"
#include "core/policy/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace linkspan::policy {

namespace {

constexpr bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

// Go takes (?<name>…) since 1.22; this RE2 knows only (?P<name>…).
std::string with_old_group_names(std::string_view pattern) {
    std::string out;
    bool in_class = false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const std::string_view rest = pattern.substr(i);
        if (rest.size() > 1 && rest[0] == '\\') {
            if (rest[1] == 'Q' && !in_class) {
                const std::size_t quoted = std::min(rest.find("\\E"), rest.size() - 2) + 2;
                out += rest.substr(0, quoted);
                i += quoted - 1;
                continue;
            }
            out += rest.substr(0, 2);
            ++i;
            continue;
        }
        if (in_class) {
            in_class = rest[0] != ']';
        } else if (rest[0] == '[') {
            in_class = true;
            // A ']' that comes first is a member.
            const std::size_t first = rest.substr(1).starts_with('^') ? 2 : 1;
            const std::size_t members = rest.substr(first).starts_with(']') ? first + 1 : first;
            out += rest.substr(0, members);
            i += members - 1;
            continue;
        } else if (rest.starts_with("(?<") && rest.size() > 3 && is_name(rest[3])) {
            out += "(?P";
            ++i;
            continue;
        }
        out += rest[0];
    }
    return out;
}

// At `i`, just past '['; leaves `i` past ']' and the class in `out`. False when it never ends.
bool glob_class(std::string_view glob, std::size_t& i, std::string& out) {
    out += '[';
    if (i < glob.size() && glob[i] == '^') {
        out += '^';
        ++i;
    }
    const std::size_t first = i;
    for (; i < glob.size() && (glob[i] != ']' || i == first); ++i) {
        const bool escaped = glob[i] == '\\';
        if (escaped && ++i == glob.size()) return false;
        const bool range = glob[i] == '-' && !escaped && i != first;
        if (!range && !is_name(glob[i])) out += '\\';
        out += glob[i];
    }
    if (i == glob.size()) return false;
    out += ']';
    ++i;
    return true;
}

Result<std::string> glob_to_pattern(std::string_view glob) {
    std::string out = "^";
    for (std::size_t i = 0; i < glob.size();) {
        char c = glob[i++];
        if (c == '*') {
            out += ".*";
            continue;
        }
        if (c == '?') {
            out += '.';
            continue;
        }
        if (c == '[') {
            if (!glob_class(glob, i, out)) return Error{Errc::InvalidInput, "'[' is never closed"};
            continue;
        }
        if (c == '\\') {
            if (i == glob.size()) return Error{Errc::InvalidInput, "nothing follows '\\'"};
            c = glob[i++];
        }
        out += re2::RE2::QuoteMeta(re2::StringPiece{&c, 1});
    }
    return out + "$";
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

// The group that a name in a template means, or -1. Go: digits without a leading zero are a number.
int find_group(std::string_view name, const re2::RE2& pattern) {
    if (all_digits(name) && (name.size() == 1 || name.front() != '0')) {
        int number = -1;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        const bool known = error == std::errc{} && number <= pattern.NumberOfCapturingGroups();
        return known ? number : -1;
    }
    const auto& names = pattern.NamedCapturingGroups();
    const auto found = names.find(std::string{name});
    return found == names.end() ? -1 : found->second;
}

}  // namespace

Result<std::unique_ptr<re2::RE2>> compile_pattern(std::string_view pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto compiled = std::make_unique<re2::RE2>(with_old_group_names(pattern), options);
    if (!compiled->ok()) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "regular expression {} does not read: {}", image::quote(pattern), compiled->error()
            )};
    }
    return compiled;
}

Result<std::unique_ptr<re2::RE2>> compile_entry(std::string_view entry) {
    if (entry.empty()) return Error{Errc::InvalidInput, "an entry is empty"};
    if (entry.front() == '/') {
        if (entry.size() < 3 || entry.back() != '/') {
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "{}: a regular expression stands between two '/'", image::quote(entry)
                )};
        }
        return compile_pattern(entry.substr(1, entry.size() - 2));
    }
    auto pattern = glob_to_pattern(entry);
    if (pattern.has_error()) {
        return pattern.error().within(fmt::format("glob {}", image::quote(entry)));
    }
    auto compiled = compile_pattern(*pattern);
    if (compiled.has_error()) {
        return Error{Errc::InvalidInput, fmt::format("glob {} does not read", image::quote(entry))};
    }
    return compiled;
}

bool matches(const re2::RE2& pattern, std::string_view text) {
    return re2::RE2::PartialMatch(piece(text), pattern);
}

Result<Template> Template::parse(std::string_view text, const re2::RE2& pattern) {
    const auto bad = [&](std::string_view why) {
        return Error{Errc::InvalidInput, fmt::format("template {}: {}", image::quote(text), why)};
    };
    Template out;
    std::string literal;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '$') {
            literal += text[i++];
            continue;
        }
        ++i;
        if (i < text.size() && text[i] == '$') {
            literal += '$';
            ++i;
            continue;
        }
        const bool braced = i < text.size() && text[i] == '{';
        if (braced) ++i;
        const std::size_t begin = i;
        while (i < text.size() && is_name(text[i])) ++i;
        const std::string_view name = text.substr(begin, i - begin);
        if (name.empty() || (braced && (i == text.size() || text[i] != '}'))) {
            return bad("'$' needs a group: $1, ${1}, $name or ${name} ($$ is a dollar sign)");
        }
        if (braced) ++i;
        const int group = find_group(name, pattern);
        if (group < 0) {
            const bool glued = !braced && is_digit(name.front()) && !all_digits(name);
            return bad(fmt::format(
                "the pattern has no group {}{}",
                image::quote(name),
                glued ? " (put braces around the number: ${1})" : ""
            ));
        }
        if (!literal.empty()) out.parts_.push_back({.literal = std::exchange(literal, {})});
        out.parts_.push_back({.literal = {}, .group = group});
        out.groups_ = std::max(out.groups_, group + 1);
    }
    if (!literal.empty()) out.parts_.push_back({.literal = std::move(literal)});
    if (out.only_group() < 0 &&
        std::none_of(out.parts_.begin(), out.parts_.end(), [](const Part& part) {
            return part.group >= 0;
        })) {
        return bad("it names no group, so all tags would be equal");
    }
    return out;
}

int Template::only_group() const { return parts_.size() == 1 ? parts_.front().group : -1; }

void Template::expand(const std::vector<re2::StringPiece>& submatches, std::string& out) const {
    for (const Part& part : parts_) {
        if (part.group < 0) {
            out += part.literal;
        } else {
            const re2::StringPiece& piece = submatches[static_cast<std::size_t>(part.group)];
            out.append(piece.data(), piece.size());
        }
    }
}

}  // namespace linkspan::policy
