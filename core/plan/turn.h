// plan_turn(): the step `plan`, pure. Everything that waits for one branch and one look at its
// files → one EditPlan, and for each that waited, what was decided and why.
//
// A bid is one (event, target, policy) that wants its place in Git. Bids of the same target and
// policy are one question: the best of their selections is planned, and all share its answer. A
// marker governs its scalar: no image field rule touches it. Two bids that want one scalar to be
// different things: the first one wins, the other is refused with file and line.
#pragma once

#include "core/manifest/place.h"
#include "core/plan/plan.h"
#include "core/policy/decide.h"
#include "core/policy/hold.h"
#include "core/policy/policy.h"
#include "core/policy/select.h"
#include "core/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace linkspan::plan {

struct SnapshotFile {
    std::string path;
    std::shared_ptr<const manifest::Scan> scan;
};

struct Snapshot {
    std::string base;  // commit id
    std::vector<SnapshotFile> files;
    // Bytes of a file of this snapshot: called for files that change, and only for them.
    std::function<Result<std::string>(const std::string& path)> read;
};

// What a target watches in the repository.
struct Scope {
    std::vector<std::string> paths;   // prefixes; empty: everything
    std::vector<std::string> ignore;  // globs
    bool markers = true;
    bool images = true;
    [[nodiscard]] bool holds(const std::string& path) const;
};

struct Bid {
    std::string target;
    policy::Policy policy;
    Scope scope;
    policy::Explanation selection;
    std::optional<image::Digest> resolved;  // digest of the selected tag
    Cause cause;
    std::vector<policy::Hold> holds{};  // in force now for this target and policy
};

// What became of one bid.
struct BidAnswer {
    policy::Decision decision;
    std::vector<Change> changes;        // what the plan does for it
    std::vector<std::string> refusals;  // "apps/web.yaml:12: …"
    std::size_t places = 0;             // that name its image or policy, in scope
    std::vector<std::string> problems;  // markers that can't be honoured, skipped files (capped)
};

struct Turn {
    EditPlan plan;
    std::vector<BidAnswer> answers;  // one for each bid, in their order
};

// Errors: those of Snapshot::read.
Result<Turn> plan_turn(const Snapshot& snapshot, std::span<const Bid> bids);

}  // namespace linkspan::plan
