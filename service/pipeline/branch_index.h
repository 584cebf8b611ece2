// BranchIndex: which files of a branch name which image, kept up to date commit by commit.
//
// What a file names is a function of its bytes and its name, so it is found once a blob: in the
// store when it was seen before, by any branch or repository, else by reading it. From one commit
// to the next only trees that differ are visited. Memory holds paths and names of the files that
// name something; their places come back from a small cache, the store, or the file itself.
//
// Blocks. update() and snapshot() are for the one thread that has the branch's Mirror;
// refresh_some() and commit() may be called from another one meanwhile.
#pragma once

#include "core/manifest/ignore.h"
#include "core/plan/turn.h"
#include "core/result.h"
#include "service/git/mirror.h"
#include "service/git/reader.h"
#include "service/pipeline/blob_scans.h"
#include "service/pipeline/file_index.h"
#include "service/pipeline/lens.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace linkspan::pipeline {

using Watches = std::vector<std::shared_ptr<const plan::FieldWatch>>;

class BranchIndex {
public:
    // `directory`: of the mirror; other threads read its objects there.
    BranchIndex(std::shared_ptr<BlobScans> scans, std::string directory);

    struct Updated {
        std::size_t changed = 0;  // files in which the commits differ
        std::size_t read = 0;     // of them, those that nobody had read before
    };
    // Brings the index to a commit, for the shapes and for these fields. Errors: those of the
    // mirror; the index stays usable, and tries again from where it was.
    Result<Updated> update(
        const git::Mirror& mirror, const git::CommitId& tip, const Watches& watches
    );

    // The files that may matter to the bids, at the commit of the last update(). The snapshot reads
    // through the mirror, and asks the index: it does not outlive them.
    Result<plan::Snapshot> snapshot(const git::Mirror& mirror, std::span<const plan::Bid> bids);

    // Files whose findings are of an older version of the scanner are usable as they are; this
    // reads some of them again. False when none is left.
    Result<bool> refresh_some(std::size_t files);
    [[nodiscard]] std::size_t stale() const;
    // Where the index is; empty before the first update.
    [[nodiscard]] git::CommitId commit() const;
    [[nodiscard]] const std::string& directory() const { return directory_; }

private:
    struct Layer {
        Lens lens;
        FileIndex files;
        std::string commit;
        std::map<std::string, BlobBytes> stale;
        std::set<std::string> links;
        std::uint64_t used = 0;
    };
    struct Job;
    struct Text;
    using ScanPtr = std::shared_ptr<const manifest::Scan>;

    Layer& layer_for(Lens lens);
    Result<Updated> update_layer(
        const git::Mirror& mirror,
        const git::CommitId& tip,
        Layer& layer,
        std::span<const git::ChangedFile> changes,
        PackedRows& rows
    );
    // Finds what the jobs ask for: in the store, or by reading. How many were read.
    Result<std::size_t> work(const git::Mirror& mirror, const Lens& lens, std::vector<Job>& jobs);
    Status read_ignore_file(const git::Mirror& mirror, const git::CommitId& tip);
    void candidates(const plan::Bid& bid, std::set<std::string>& out);
    // Files with markers that name no policy, where the scopes of the bids look for markers.
    void strangers(std::span<const plan::Bid> bids, std::set<std::string>& out);
    Status load(
        const git::Mirror& mirror,
        Layer& layer,
        const std::vector<std::string>& paths,
        std::unordered_map<std::string, ScanPtr>& out
    );

    std::shared_ptr<BlobScans> scans_;
    std::string directory_;
    mutable std::mutex mutex_;
    std::vector<git::Reader> readers_;     // of an update: one for each thread
    std::map<std::string, Layer> layers_;  // by identity of their lens; the shapes' is always there
    std::uint64_t clock_ = 0;
    manifest::IgnoreFile ignore_;
    std::vector<std::string> problems_;
    // Places that were needed lately, by key.
    std::unordered_map<std::string, ScanPtr> recent_;
    std::size_t recent_cost_ = 0;
};

// Deletes what is kept of blobs that none of the branches has any more; how many. Blocks.
Result<std::size_t> collect(
    const BlobScans& scans, const std::vector<std::shared_ptr<BranchIndex>>& branches
);

}  // namespace linkspan::pipeline
