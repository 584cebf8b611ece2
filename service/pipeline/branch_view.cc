#include "service/pipeline/branch_view.h"

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace {

BranchIndex& index_of(BranchView& view) {
    if (!view.scans) view.scans = std::make_shared<BlobScans>(nullptr);
    if (!view.index) view.index = std::make_shared<BranchIndex>(view.scans, view.directory);
    return *view.index;
}

}  // namespace

Status open_mirror(BranchView& view) {
    if (!view.mirror) {
        auto opened = git::Mirror::open(view.directory, view.remote);
        if (opened.has_error()) return opened.error();
        view.mirror.emplace(std::move(*opened));
        view.remote_changed = false;
    }
    if (!view.remote_changed) return {};
    view.remote_changed = false;
    return view.mirror->use_remote(view.remote);
}

Result<BranchIndex::Updated> look_ahead(BranchView& view, const Watches& watches) {
    if (auto opened = open_mirror(view); opened.has_error()) return opened.error();
    LINKSPAN_TRY(tip, view.mirror->fetch(view.branch));
    return index_of(view).update(*view.mirror, tip, watches);
}

Result<plan::Snapshot> take_snapshot(
    BranchView& view, const git::CommitId& commit, std::span<const plan::Bid> bids
) {
    Watches watches;
    for (const auto& bid : bids) {
        for (const auto& watch : bid.scope.fields) {
            if (std::find(watches.begin(), watches.end(), watch) == watches.end()) {
                watches.push_back(watch);
            }
        }
    }
    BranchIndex& index = index_of(view);
    if (auto updated = index.update(*view.mirror, commit, watches); updated.has_error()) {
        return updated.error().within("indexing");
    }
    return index.snapshot(*view.mirror, bids);
}

}  // namespace linkspan::pipeline
