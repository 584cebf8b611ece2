// BranchView: one branch of one manifest repository, as its worker keeps it between turns, and the
// look at its files that planning starts from.
//
// Blocks: call on the git pool, one call at a time for one BranchView.
#pragma once

#include "core/plan/turn.h"
#include "core/result.h"
#include "service/git/mirror.h"
#include "service/pipeline/blob_scans.h"
#include "service/pipeline/branch_index.h"

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace linkspan::pipeline {

// What a repository's worker keeps between turns.
struct BranchView {
    std::string directory;  // of the mirror
    git::RemoteOptions remote;
    bool remote_changed = false;  // the mirror still has the one before
    std::string branch;
    std::optional<git::Mirror> mirror;  // opened at first use
    // Shared by all views. Null: what is found is not kept across restarts.
    std::shared_ptr<BlobScans> scans;
    std::shared_ptr<BranchIndex> index;  // made at first use
};

// Opens the mirror when it is not open, with the remote as it is configured now. Errors: those of
// Mirror::open().
Status open_mirror(BranchView& view);

// Fetches the branch and brings the index to its tip, so that the first event finds both there.
Result<BranchIndex::Updated> look_ahead(BranchView& view, const Watches& watches);

// What the scopes of the bids hold in the commit, reading only what changed since the last look.
// The snapshot reads through the view's mirror and index: it does not outlive them.
Result<plan::Snapshot> take_snapshot(
    BranchView& view, const git::CommitId& commit, std::span<const plan::Bid> bids
);

}  // namespace linkspan::pipeline
