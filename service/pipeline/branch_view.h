// BranchView: one branch of one manifest repository, as its worker keeps it between turns, and the
// look at its files that planning starts from.
//
// Blocks: call on the git pool, one call at a time for one BranchView.
#pragma once

#include "core/plan/turn.h"
#include "core/result.h"
#include "service/git/mirror.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

namespace linkspan::pipeline {

// What a repository's worker keeps between turns.
struct BranchView {
    std::string directory;  // of the mirror
    git::RemoteOptions remote;
    bool remote_changed = false;  // the mirror still has the one before
    std::string branch;
    std::optional<git::Mirror> mirror;  // opened at first use
    // Scans by blob and file name: a file is read and parsed once, not once an event.
    std::unordered_map<std::string, std::shared_ptr<const manifest::Scan>> scans;
};

// What the scopes of the bids hold in the commit, without reading a file twice. The snapshot reads
// through the view's mirror: it does not outlive it.
Result<plan::Snapshot> take_snapshot(
    BranchView& view, const git::CommitId& commit, std::span<const plan::Bid> bids
);

}  // namespace linkspan::pipeline
