// plan_turn(): the step `plan`, pure. Everything that waits for one branch and one look at its
// files → one EditPlan, and for each that waited, what was decided and why.
//
// A bid is one (event, target, policy) that wants its place in Git. Bids of the same target and
// policy are one question: the best of their selections is planned, and all share its answer. A
// marker governs its scalar: no image or field rule touches it. A place that a person changed after
// Linkspan wrote it keeps what the person wrote, until a newer tag comes. Two bids that want one
// scalar to be different things: the first one wins, the other is refused with file and line.
#pragma once

#include "core/manifest/place.h"
#include "core/plan/plan.h"
#include "core/plan/scope.h"
#include "core/plan/source_links.h"
#include "core/plan/splice.h"
#include "core/policy/decide.h"
#include "core/policy/gates.h"
#include "core/policy/hold.h"
#include "core/policy/policy.h"
#include "core/policy/select.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linkspan::plan {

// What one entry of `fields` led to in a file.
struct FieldScan {
    std::shared_ptr<const FieldWatch> watch;
    std::shared_ptr<const manifest::Scan> scan;
};

struct SnapshotFile {
    std::string path;
    std::shared_ptr<const manifest::Scan> scan;  // markers and shapes
    std::vector<FieldScan> fields{};
};

// What Linkspan wrote at a place, newest last, or wrote once and a person undid.
struct Written {
    std::int64_t id = 0;  // rises
    std::string path;
    std::size_t document = 0;
    std::string where;
    std::string tag;
    std::optional<std::string> digest;
    std::string commit;
    std::optional<std::string> undone;  // by whom and how, in words
    // False: nobody knows whether the push went through. Who plans asks Git first, and drops those
    // that are not in the branch.
    bool landed = true;
};

struct Snapshot {
    std::string base;  // commit id
    // In the order of their paths: all that may matter to the bids.
    std::vector<SnapshotFile> files;
    // Bytes of a file of this snapshot: called for files that change, and only for them.
    std::function<Result<std::string>(const std::string& path)> read;
    // Who changed a place after what Linkspan wrote there, in words; nullopt when that commit is
    // not in the history of the base (it never landed, or the branch was rewritten without it).
    // Called for places that somebody changed after Linkspan wrote them, and only for them.
    std::function<Result<std::optional<std::string>>(const Written& written)> changed_since;
    // How many files with places or problems a scope holds, for people; unset: those in `files`.
    std::function<std::size_t(const Scope&)> files_in{};
    // For the check of many files; unset: one after the other.
    Each each{};
    // What is wrong with the repository as a whole.
    std::vector<std::string> problems{};
};

struct Bid {
    std::string target;
    policy::Policy policy;
    Scope scope;
    policy::Explanation selection;
    std::optional<image::Digest> resolved;  // digest of the selected tag
    Cause cause;
    std::vector<Written> written{};
    // By tag, as far as senders told; bids of one image share it. Null: nothing is known.
    std::shared_ptr<const std::map<std::string, ImageOrigin>> origins{};
    std::vector<policy::Hold> holds{};  // in force now for this target and policy
    // A person asked for this very tag (a rollback): it may go backwards, and what people undid
    // does not hold it.
    bool asked_for = false;
    // Commits go out for review: what was sent and is not in the branch waits there for people.
    bool reviewed = false;
    // What the gates said. It counts where something would change: what Git names already is
    // current whatever they say. A bid that they stop is a question of its own.
    policy::GateVerdict gate = policy::Open{};

    [[nodiscard]] bool is_stopped() const { return !std::holds_alternative<policy::Open>(gate); }
};

// A person changed what Linkspan had written: that tag is not written there again.
struct Undone {
    std::int64_t written = 0;  // Written::id
    std::string how;
};

// What became of one bid.
struct BidAnswer {
    policy::Decision decision;
    std::vector<Change> changes;         // what the plan does for it
    std::vector<std::string> refusals;   // "apps/web.yaml:12: …"
    std::size_t places = 0;              // that name its image or policy, in scope
    std::vector<std::string> problems;   // markers that can't be honoured, skipped files (capped)
    std::vector<std::string> held;       // "apps/web.yaml:12: …": places where people win
    std::vector<Undone> undone;          // noticed in this turn
    std::vector<std::int64_t> put_back;  // Written::id of what a person undid, and is there again
};

struct Turn {
    EditPlan plan;
    std::vector<BidAnswer> answers;  // one for each bid, in their order
};

// Errors: those of Snapshot::read.
Result<Turn> plan_turn(const Snapshot& snapshot, std::span<const Bid> bids);

}  // namespace linkspan::plan
