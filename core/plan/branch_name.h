// The branch that a pull request comes from: the same for a target and group, whatever tag is in
// it, so that the next tag goes into the same pull request.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::plan {

inline constexpr std::string_view kDefaultBranch = "linkspan/{target}";

// git-check-ref-format(1), for refs/heads/NAME; at most 200 bytes.
bool is_branch_name(std::string_view name);

// `text` names {target} and may name {group}; a group that it does not name is appended after
// "--", so that one target's branches never stand in each other's way ("a" and "a/b" can't both
// be). What a ref can't hold becomes '-', and then a hash of the whole keeps names apart. Errors:
// InvalidInput for another name in braces, or when no branch can have the result.
Result<std::string> branch_name(
    std::string_view text, std::string_view target, std::string_view group
);

}  // namespace linkspan::plan
