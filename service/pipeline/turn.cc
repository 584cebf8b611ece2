#include "service/pipeline/turn.h"

#include "core/manifest/scan.h"
#include "core/plan/message.h"

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

Result<PlannedTurn> plan_on_tip(
    BranchView& view,
    std::span<const plan::Bid> bids,
    std::span<const std::optional<std::string>> intended,
    const CommitOptions& options
) {
    if (!view.mirror) {
        auto opened = git::Mirror::open(view.directory, view.remote);
        if (opened.has_error()) return opened.error();
        view.mirror.emplace(std::move(*opened));
    }
    PlannedTurn planned;
    LINKSPAN_TRY(tip, view.mirror->fetch(view.branch));
    planned.base = tip;

    for (const auto& commit : intended) {
        bool landed = false;
        if (commit) {
            // A commit that never left this machine may be unknown to a fresh mirror: then it did
            // not land.
            auto contains = view.mirror->contains(tip, git::CommitId{*commit});
            landed = contains.has_value() && *contains;
        }
        planned.landed.push_back(landed);
    }
    std::vector<plan::Bid> open;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < bids.size(); ++i) {
        if (planned.landed[i]) continue;
        open.push_back(bids[i]);
        index.push_back(i);
    }

    plan::Snapshot snapshot;
    snapshot.base = tip.hex;
    std::map<std::string, git::BlobId> blobs;
    if (!open.empty()) {
        LINKSPAN_TRY(files, view.mirror->files(tip, prefixes_of(open)));
        for (const auto& file : files) {
            if (!manifest_name(file.path)) continue;
            if (std::none_of(open.begin(), open.end(), [&](const auto& bid) {
                    return bid.scope.holds(file.path);
                })) {
                continue;
            }
            LINKSPAN_TRY(scan, scan_of(view, file));
            blobs.emplace(file.path, file.blob);
            snapshot.files.push_back({.path = file.path, .scan = scan});
        }
    }
    snapshot.read = [&](const std::string& path) -> Result<std::string> {
        return view.mirror->read(blobs.at(path), kMaxFile);
    };
    auto turn = plan::plan_turn(snapshot, open);
    if (turn.has_error()) return turn.error().within("planning");

    planned.turn.plan = std::move(turn->plan);
    planned.turn.answers.resize(bids.size());
    for (std::size_t i = 0; i < index.size(); ++i) {
        planned.turn.answers[index[i]] = std::move(turn->answers[i]);
    }
    if (planned.turn.plan.empty()) return planned;

    LINKSPAN_TRY(message, plan::commit_message(options.message, planned.turn.plan));
    planned.message = message;
    git::CommitSpec spec{
        .base = tip,
        .changes = {},
        .message = message,
        .author = options.author,
        .committer = options.author,
        .time = options.time};
    for (const auto& file : planned.turn.plan.files) {
        spec.changes.push_back({.path = file.path, .content = file.after});
    }
    LINKSPAN_TRY(commit, view.mirror->commit(spec));
    planned.commit = commit;
    return planned;
}

Result<git::PushAnswer> publish(BranchView& view, const PlannedTurn& planned) {
    return view.mirror->push(
        {.branch = view.branch, .expected = planned.base, .target = *planned.commit}
    );
}

}  // namespace linkspan::pipeline
