#include "core/glob.h"
#include "core/policy/pattern.h"
#include "core/policy/policy.h"

namespace linkspan::policy {

namespace {

// Empty: it is no regular expression.
std::string_view expression(std::string_view expected) {
    const bool slashes = expected.size() > 2 && expected.front() == '/' && expected.back() == '/';
    return slashes ? expected.substr(1, expected.size() - 2) : std::string_view{};
}

}  // namespace

Status check_label_rule(const LabelRule& rule) {
    if (rule.key.empty()) return Error{Errc::InvalidInput, "a label has a name"};
    const std::string_view pattern = expression(rule.expected);
    if (pattern.empty()) return {};
    const auto compiled = compile_pattern(pattern);
    if (compiled.has_error()) return compiled.error();
    return {};
}

bool holds(const LabelRule& rule, std::string_view value) {
    if (const std::string_view pattern = expression(rule.expected); !pattern.empty()) {
        const auto compiled = compile_pattern(pattern);
        return compiled.has_value() && matches(**compiled, value);
    }
    if (value == rule.expected) return true;
    return rule.expected.find_first_of("*?[") != std::string::npos &&
           glob_matches(rule.expected, value);
}

}  // namespace linkspan::policy
