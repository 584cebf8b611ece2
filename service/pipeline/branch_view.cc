#include "service/pipeline/branch_view.h"

#include "core/manifest/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::size_t kMaxFile = 8 << 20;  // bytes; a larger manifest is skipped with a reason
constexpr std::size_t kMaxScans = 200000;  // entries kept between turns
constexpr std::uint32_t kRegular = 0100644;
constexpr std::uint32_t kExecutable = 0100755;
constexpr std::uint32_t kSymlink = 0120000;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::shared_ptr<const manifest::Scan> skipped(std::string reason) {
    auto scan = std::make_shared<manifest::Scan>();
    scan->skipped = std::move(reason);
    return scan;
}

// The directories that the bids look into; empty means everything.
std::vector<std::string> prefixes_of(std::span<const plan::Bid> bids) {
    std::set<std::string> prefixes;
    for (const auto& bid : bids) {
        if (bid.scope.paths.empty()) return {};
        prefixes.insert(bid.scope.paths.begin(), bid.scope.paths.end());
    }
    return {prefixes.begin(), prefixes.end()};
}

Result<std::shared_ptr<const manifest::Scan>> scan_of(BranchView& view, const git::File& file) {
    // A link is never followed: what it names may lie outside the repository.
    if (file.mode == kSymlink) return skipped("a symbolic link");
    if (file.mode != kRegular && file.mode != kExecutable) return skipped("not a file");
    const std::string key = file.blob.hex + "/" + base_name(file.path);
    if (const auto known = view.scans.find(key); known != view.scans.end()) return known->second;
    auto bytes = view.mirror->read(file.blob, kMaxFile);
    std::shared_ptr<const manifest::Scan> scan;
    if (bytes.has_error()) {
        if (bytes.error().kind != Errc::InvalidInput) return bytes.error().within(file.path);
        scan = skipped(fmt::format("larger than {} MiB", kMaxFile >> 20));
    } else if (manifest::worth_scanning(file.path, *bytes)) {
        scan = std::make_shared<manifest::Scan>(manifest::scan(file.path, *bytes));
    } else {
        scan = std::make_shared<manifest::Scan>();
    }
    if (view.scans.size() >= kMaxScans) view.scans.clear();
    view.scans.emplace(key, scan);
    return scan;
}

bool manifest_name(const std::string& path) {
    const std::string name = base_name(path);
    const auto ends = [&](std::string_view suffix) { return name.ends_with(suffix); };
    return ends(".yaml") || ends(".yml") || ends(".json") || name == "Kustomization" ||
           name == "kustomization";
}

}  // namespace

Result<plan::Snapshot> take_snapshot(
    BranchView& view, const git::CommitId& commit, std::span<const plan::Bid> bids
) {
    plan::Snapshot snapshot;
    snapshot.base = commit.hex;
    std::map<std::string, git::BlobId> blobs;
    LINKSPAN_TRY(files, view.mirror->files(commit, prefixes_of(bids)));
    for (const auto& file : files) {
        if (!manifest_name(file.path)) continue;
        if (std::none_of(bids.begin(), bids.end(), [&](const auto& bid) {
                return bid.scope.holds(file.path);
            })) {
            continue;
        }
        LINKSPAN_TRY(scan, scan_of(view, file));
        blobs.emplace(file.path, file.blob);
        snapshot.files.push_back({.path = file.path, .scan = scan});
    }
    snapshot.read = [&view,
                     blobs = std::move(blobs)](const std::string& path) -> Result<std::string> {
        return view.mirror->read(blobs.at(path), kMaxFile);
    };
    return snapshot;
}

}  // namespace linkspan::pipeline
