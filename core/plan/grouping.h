// Grouping: one plan as several commits, one on top of the other, or as several proposals.
#pragma once

#include "core/plan/plan.h"
#include "core/result.h"

#include <string>
#include <vector>

namespace linkspan::plan {

enum class Grouping {
    All,        // one commit
    Directory,  // one for each directory in which files change
    Policy,     // one for each target and policy
};

// In the order in which the commits stand on each other. Each plan's files are as they are after it
// and all plans before it; its changes and causes are its own, and
// the spans of its edits are those of the whole plan's text. An edit that several groups share is
// in the first of them. Errors: those of manifest::apply and verify.
Result<std::vector<EditPlan>> split(const EditPlan& plan, Grouping grouping);

struct GroupPlan {
    std::string name;  // empty, the directory ("." for the root), or the policy's full name
    EditPlan plan;
};
// Beside each other instead: each group's files are the base's with that group's edits alone, as
// pull requests need it. An edit that several groups share is in all of them. Of the changes of one
// target.
Result<std::vector<GroupPlan>> split_apart(const EditPlan& plan, Grouping grouping);

}  // namespace linkspan::plan
