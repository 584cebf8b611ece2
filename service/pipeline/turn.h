// One look at a branch: fetch → snapshot → plan → commit, and then the push. The steps `plan`,
// `commit` and `publish` over a Mirror.
//
// Blocks: call on the git pool, one call at a time for one BranchView.
#pragma once

#include "core/plan/turn.h"
#include "core/result.h"
#include "service/git/mirror.h"
#include "service/pipeline/branch_view.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct CommitOptions {
    git::Signature author;
    std::string message;  // template
    std::chrono::system_clock::time_point time;
};

struct PlannedTurn {
    plan::Turn turn;
    git::CommitId base;
    std::optional<git::CommitId> commit;  // absent when the plan is empty
    std::string message;
    // For each bid: true when its intended commit (of an earlier try) is in the branch already.
    std::vector<bool> landed;
};

// `intended`: for each bid, the commit that an earlier try was about to push.
Result<PlannedTurn> plan_on_tip(
    BranchView& view,
    std::span<const plan::Bid> bids,
    std::span<const std::optional<std::string>> intended,
    const CommitOptions& options
);

Result<git::PushAnswer> publish(BranchView& view, const PlannedTurn& planned);

}  // namespace linkspan::pipeline
