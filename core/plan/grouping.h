// Grouping: one plan as several commits, one on top of the other.
#pragma once

#include "core/plan/plan.h"
#include "core/result.h"

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

}  // namespace linkspan::plan
