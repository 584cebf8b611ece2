// One look at a branch: snapshot → plan → commits, and then the push. The steps `plan`, `commit`
// and `publish` over a Mirror.
//
// A plan on the tip that was known last costs no connection: the push tells whether it is still the
// tip, and then what was planned is true. Only an empty plan has nobody to tell it so.
//
// Blocks: call on the git pool, one call at a time for one BranchView.
#pragma once

#include "core/plan/grouping.h"
#include "core/plan/message.h"
#include "core/plan/turn.h"
#include "core/result.h"
#include "service/git/mirror.h"
#include "service/pipeline/branch_view.h"

#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct CommitOptions {
    git::Signature author{};
    git::Signature committer{};
    plan::MessageOptions message{};
    plan::Grouping group = plan::Grouping::All;
    std::optional<git::Signing> signing{};
    std::chrono::system_clock::time_point time{};
    // For a change-id of each commit that stays the same however often it is made: Gerrit.
    bool change_ids = false;
    // Only the plan and the messages.
    bool dry_run = false;
    // The repository may narrow policies: PlannedTurn::rules is wanted.
    bool rules = false;
};

enum class Look {
    KnownTip,  // where the branch was last seen; fetched when it never was
    Fetch,
};

struct MadeCommit {
    plan::EditPlan part;
    std::string message;
    git::CommitId id;  // empty hex in a dry run
};

struct PlannedTurn {
    plan::Turn turn;
    git::CommitId base;
    bool fresh = false;               // the base was fetched for this look
    std::vector<MadeCommit> commits;  // each on top of the one before; none: nothing to do
    // For each bid: the commit of an earlier try that is in the branch already.
    std::vector<std::optional<std::string>> landed;
    // Commits of earlier pushes that nobody heard the end of, and that are in the branch.
    std::set<std::string> arrived;
    std::string rules;  // RepositoryRules::fingerprint at the base, where they count
    std::string said;   // what the server's hooks printed at the push

    // The commit that has the last of a policy's changes in a target; empty when there is none.
    [[nodiscard]] std::string commit_of(const std::string& target, const std::string& policy) const;
};

// `intended`: for each bid, the commits that earlier tries were about to push.
Result<PlannedTurn> plan_on_tip(
    BranchView& view,
    std::span<const plan::Bid> bids,
    std::span<const std::vector<std::string>> intended,
    const CommitOptions& options,
    Look look
);

struct PublishOptions {
    std::vector<std::string> push_options{};
    std::string review{};  // ref to push to in place of the branch; empty: the branch
};

// Of a turn that has commits.
Result<git::PushAnswer> publish(
    BranchView& view, const PlannedTurn& planned, const PublishOptions& options
);

}  // namespace linkspan::pipeline
