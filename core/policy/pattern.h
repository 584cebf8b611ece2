// Patterns over tags, compiled once: RE2 as Flux and Argo users write it, and globs. Private to
// core/policy (RE2's types stop here).
#pragma once

#include "core/result.h"

#include <re2/re2.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

// Errors: InvalidInput with RE2's own words. Go's newer spelling of a named group, (?<name>…), is
// understood like (?P<name>…).
Result<std::unique_ptr<re2::RE2>> compile_pattern(std::string_view pattern);

// An entry of an allow or ignore list: RE2 between slashes, unanchored; a glob over the whole tag
// otherwise (* any bytes, ? one, [a-c] [^a-c] classes, \ the next character itself).
Result<std::unique_ptr<re2::RE2>> compile_entry(std::string_view entry);

bool matches(const re2::RE2& pattern, std::string_view text);

// Go's Regexp.Expand: $1 ${1} $name ${name} $$. A name runs as far as letters, digits and '_' go:
// "$1x" is the group "1x". What Go would silently make empty (an unknown group) or leave as it is
// (a lone '$') is an error here, since all tags would collapse into one.
class Template {
public:
    static Result<Template> parse(std::string_view text, const re2::RE2& pattern);

    [[nodiscard]] int groups() const { return groups_; }  // how many submatches expand() reads
    // The one group that the template consists of, or -1: then no text is put together.
    [[nodiscard]] int only_group() const;
    void expand(const std::vector<re2::StringPiece>& submatches, std::string& out) const;

private:
    struct Part {
        std::string literal;
        int group = -1;  // -1: the literal
    };
    std::vector<Part> parts_;
    int groups_ = 1;
};

}  // namespace linkspan::policy
