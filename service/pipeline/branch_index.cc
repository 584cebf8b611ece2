#include "service/pipeline/branch_index.h"

#include "core/manifest/scan.h"
#include "core/manifest/stored_scan.h"
#include "service/runtime/all_cores.h"

#include <fmt/format.h>

#include <malloc.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::uint32_t kRegular = 0100644;
constexpr std::uint32_t kExecutable = 0100755;
constexpr std::uint32_t kSymlink = 0120000;
// Files at once: bounds what a first look at a large repository has in memory.
constexpr std::size_t kBatch = 4096;
// From here on several threads are faster than one.
constexpr std::size_t kWorthThreads = 64;
constexpr std::size_t kMostThreads = 4;
// Files that one thread reads before another has its turn.
constexpr std::size_t kRun = 32;
constexpr std::size_t kRunBytes = std::size_t{4} << 20U;
// From here on one question to the store is faster than reading files.
constexpr std::size_t kWorthAsking = 64;
constexpr std::size_t kMostLayers = 64;
constexpr std::size_t kRecentPlaces = 30'000;
// A bid's answer lists 20 problems; more files with problems need not be looked at.
constexpr std::size_t kMostTroubles = 20;
constexpr std::size_t kMostStrangers = 1'000;
constexpr std::size_t kLargestIgnoreFile = std::size_t{1} << 20U;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_file(std::uint32_t mode) { return mode == kRegular || mode == kExecutable; }

manifest::Scan skipped(std::string reason) {
    manifest::Scan scan;
    scan.skipped = std::move(reason);
    return scan;
}

// nullopt: too large.
template <class Read>
Result<std::optional<std::string>> read_text(
    const std::string& path, const BlobBytes& blob, const Read& read
) {
    auto bytes = read(git::BlobId{to_hex(blob)}, kLargestManifest);
    if (bytes.has_value()) return std::optional{std::move(*bytes)};
    if (bytes.error().kind != Errc::InvalidInput) return bytes.error().within(path);
    return std::optional<std::string>{};
}

manifest::Scan scan_text(
    const Lens& lens, const std::string& path, const std::optional<std::string>& text
) {
    if (text) return lens.scan(path, *text);
    return skipped(fmt::format("larger than {} MiB", kLargestManifest >> 20U));
}

template <class Read>
Result<manifest::Scan> scan_blob(
    const Lens& lens, const std::string& path, const BlobBytes& blob, const Read& read
) {
    LINKSPAN_TRY(text, read_text(path, blob, read));
    return scan_text(lens, path, text);
}

}  // namespace

struct BranchIndex::Job {
    std::string path;
    BlobBytes blob{};
    std::string key;
    Names names;
    std::string row;  // to be kept; empty: it was
    bool current = true;
};

struct BranchIndex::Text {
    Job* job = nullptr;
    std::optional<std::string> bytes;
};

BranchIndex::BranchIndex(std::shared_ptr<BlobScans> scans, std::string directory)
    : scans_{std::move(scans)}, directory_{std::move(directory)} {
    layer_for({});
}

BranchIndex::Layer& BranchIndex::layer_for(Lens lens) {
    const auto [at, added] = layers_.try_emplace(lens.identity());
    if (added) at->second.lens = std::move(lens);
    at->second.used = ++clock_;
    return at->second;
}

Result<BranchIndex::Updated> BranchIndex::update(
    const git::Mirror& mirror, const git::CommitId& tip, const Watches& watches
) {
    const std::lock_guard lock{mutex_};
    // Of a mirror that may have been made anew.
    readers_.clear();
    std::vector<Layer*> wanted{&layer_for({})};
    for (const auto& watch : watches) {
        Layer& layer = layer_for({watch});
        if (std::find(wanted.begin(), wanted.end(), &layer) == wanted.end()) {
            wanted.push_back(&layer);
        }
    }
    while (layers_.size() > kMostLayers + wanted.size()) {
        layers_.erase(std::min_element(layers_.begin(), layers_.end(), [](auto& a, auto& b) {
            return a.second.used < b.second.used;
        }));
    }
    if (wanted.front()->commit != tip.hex) {
        if (auto status = read_ignore_file(mirror, tip); status.has_error()) return status.error();
    }
    Updated all;
    // Kept at the end: what is asked of the store meanwhile does not wait for its disk.
    PackedRows rows;
    // Layers that were at the same commit share one look at the trees.
    std::map<std::string, std::vector<Layer*>> behind;
    for (Layer* layer : wanted) {
        if (layer->commit != tip.hex) behind[layer->commit].push_back(layer);
    }
    for (const auto& [from, layers] : behind) {
        auto changes = mirror.changed_files(git::CommitId{from}, tip, {});
        if (changes.has_error() && changes.error().kind == Errc::NotFound && !from.empty()) {
            // A fresh mirror need not have the commit that the old one was at.
            for (Layer* layer : layers) {
                layer->files.clear();
                layer->stale.clear();
                layer->links.clear();
                layer->commit.clear();
            }
            changes = mirror.changed_files(git::CommitId{}, tip, {});
        }
        if (changes.has_error()) return changes.error();
        for (Layer* layer : layers) {
            LINKSPAN_TRY(updated, update_layer(mirror, tip, *layer, *changes, rows));
            all.changed += updated.changed;
            all.read += updated.read;
        }
        // What a first look took for a moment goes back to the system.
        if (changes->size() > kBatch) {
            changes->clear();
            changes->shrink_to_fit();
            malloc_trim(0);
        }
    }
    readers_.clear();
    scans_->put(std::move(rows));
    return all;
}

Result<BranchIndex::Updated> BranchIndex::update_layer(
    const git::Mirror& mirror,
    const git::CommitId& tip,
    Layer& layer,
    std::span<const git::ChangedFile> changes,
    PackedRows& rows
) {
    Updated out{.changed = changes.size(), .read = 0};
    const std::string rule = layer.lens.rule();
    for (std::size_t at = 0; at < changes.size(); at += kBatch) {
        std::vector<Job> jobs;
        for (const auto& change : changes.subspan(at, std::min(kBatch, changes.size() - at))) {
            const std::string& path = change.after ? change.after->path : change.before->path;
            layer.stale.erase(path);
            layer.links.erase(path);
            if (!change.after || !layer.lens.wants(path)) {
                layer.files.erase(path);
                continue;
            }
            const BlobBytes blob = to_bytes(change.after->blob.hex);
            if (is_file(change.after->mode)) {
                jobs.push_back(
                    {.path = path,
                     .blob = blob,
                     .key = BlobScans::key(blob, base_name(path), rule),
                     .names = {},
                     .row = {}}
                );
            } else if (change.after->mode == kSymlink) {
                // Never followed: what it names may lie outside the repository.
                layer.files.put(path, blob, skipped("a symbolic link"));
                layer.links.insert(path);
            } else {
                layer.files.erase(path);
            }
        }
        LINKSPAN_TRY(read, work(mirror, layer.lens, jobs));
        out.read += read;
        for (Job& job : jobs) {
            layer.files.put(job.path, job.blob, job.names);
            if (!job.current) layer.stale.emplace(job.path, job.blob);
            if (!job.row.empty()) rows.add(job.key, job.row);
        }
    }
    layer.commit = tip.hex;
    return out;
}

Result<std::size_t> BranchIndex::work(
    const git::Mirror& mirror, const Lens& lens, std::vector<Job>& jobs
) {
    std::vector<std::string> keys;
    keys.reserve(jobs.size());
    for (const Job& job : jobs) keys.push_back(job.key);
    auto kept = scans_->get(keys);
    std::vector<Job*> open;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (kept[i]) {
            jobs[i].names = names_of(kept[i]->scan);
            jobs[i].current = kept[i]->current;
        } else {
            open.push_back(&jobs[i]);
        }
    }
    kept.clear();
    const auto look = [&lens](Job& job, const std::optional<std::string>& text) {
        const manifest::Scan scan = scan_text(lens, job.path, text);
        job.names = names_of(scan);
        job.row = manifest::to_bytes(scan);
    };
    if (open.size() < kWorthThreads) {
        for (Job* job : open) {
            const auto read = [&](const git::BlobId& id, std::size_t max) {
                return mirror.read(id, max);
            };
            LINKSPAN_TRY(text, read_text(job->path, job->blob, read));
            look(*job, text);
        }
        return open.size();
    }
    const std::size_t threads =
        std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, kMostThreads);
    while (readers_.size() < threads) {
        LINKSPAN_TRY(reader, git::Reader::open(directory_));
        readers_.push_back(std::move(reader));
    }
    // libgit2 has one lock for the packs of all threads. Fought over for every object it costs more
    // than waiting for a turn to read some.
    std::mutex turn;
    std::size_t next = 0;  // with turn
    std::vector<Status> ended(threads);
    const auto take = [&](std::size_t t, std::vector<Text>& texts) -> Status {
        const auto read = [&](const git::BlobId& id, std::size_t max) {
            return readers_[t].read(id, max);
        };
        texts.clear();
        std::size_t bytes = 0;
        const std::lock_guard guard{turn};
        // Neighbours are often deltas of each other: one thread takes some of them.
        while (next < open.size() && texts.size() < kRun && bytes < kRunBytes) {
            Job* job = open[next++];
            LINKSPAN_TRY(text, read_text(job->path, job->blob, read));
            bytes += text ? text->size() : 0;
            texts.push_back({job, std::move(text)});
        }
        return {};
    };
    {
        std::vector<std::jthread> workers;
        for (std::size_t t = 0; t < threads; ++t) {
            workers.emplace_back([&, t] {
                std::vector<Text> texts;
                do {
                    ended[t] = take(t, texts);
                    if (ended[t].has_error()) return;
                    for (const Text& text : texts) look(*text.job, text.bytes);
                } while (!texts.empty());
            });
        }
    }
    for (const Status& status : ended) {
        if (!status.has_error()) continue;
        mirror.doubt(status.error());
        return status.error();
    }
    return open.size();
}

Status BranchIndex::read_ignore_file(const git::Mirror& mirror, const git::CommitId& tip) {
    ignore_ = {};
    problems_.clear();
    LINKSPAN_TRY(file, mirror.find(tip, std::string{manifest::kIgnoreFile}));
    if (!file) return {};
    if (!is_file(file->mode)) {
        problems_.push_back(fmt::format("{}: not a file: not followed", manifest::kIgnoreFile));
        return {};
    }
    auto bytes = mirror.read(file->blob, kLargestIgnoreFile);
    if (bytes.has_error() && bytes.error().kind == Errc::InvalidInput) {
        problems_.push_back(fmt::format("{}: larger than 1 MiB: not read", manifest::kIgnoreFile));
        return {};
    }
    if (bytes.has_error()) return bytes.error();
    ignore_ = manifest::IgnoreFile{*bytes};
    return {};
}

// The paths that may matter to one bid.
void BranchIndex::candidates(const plan::Bid& bid, std::set<std::string>& out) {
    const plan::Scope& scope = bid.scope;
    const auto prefixes = scope.prefixes();
    const auto holds = [&](const std::string& path) {
        return scope.holds(path) && !ignore_.ignores(path);
    };
    const FileIndex::Visit take = [&](const std::string& path) {
        if (holds(path)) out.insert(path);
        return true;
    };
    const auto troubles = [&](const FileIndex& files) {
        std::size_t room = kMostTroubles;
        const FileIndex::Visit some = [&](const std::string& path) {
            if (!holds(path)) return true;
            out.insert(path);
            return --room > 0;
        };
        files.skipped(prefixes, some);
        room = kMostTroubles;
        files.with_problems(prefixes, some);
    };
    std::vector<std::string> names{key_of_image(bid.policy.image)};
    if (scope.mirrors) {
        names.clear();
        for (const auto& name : scope.mirrors->names_of(bid.policy.image)) {
            names.push_back(key_of_image(name));
        }
    }
    const FileIndex& shapes = layer_for({}).files;
    if (scope.markers) shapes.with_key(key_of_policy(bid.policy.full_name()), prefixes, take);
    if (scope.images) {
        for (const auto& name : names) shapes.with_key(name, prefixes, take);
    }
    troubles(shapes);
    for (const auto& watch : scope.fields) {
        const FileIndex& files = layer_for({watch}).files;
        for (const auto& name : names) files.with_key(name, prefixes, take);
        if (watch->policy == bid.policy.full_name()) files.with_key(kNoName, prefixes, take);
        troubles(files);
    }
}

void BranchIndex::strangers(std::span<const plan::Bid> bids, std::set<std::string>& out) {
    const FileIndex& shapes = layer_for({}).files;
    // Bids of one configuration share the names; each scope looks at its own files.
    std::map<const std::vector<std::string>*, std::vector<std::string>> found;
    for (const auto& bid : bids) {
        const plan::Scope& scope = bid.scope;
        if (!scope.markers || !scope.policies) continue;
        const auto entry = found.try_emplace(scope.policies.get());
        auto& paths = entry.first->second;
        if (entry.second) {
            shapes.with_other_policies(*scope.policies, [&paths](const std::string& path) {
                paths.push_back(path);
                return paths.size() < kMostStrangers;
            });
        }
        std::size_t room = kMostTroubles;
        for (const auto& path : paths) {
            if (!scope.holds(path) || ignore_.ignores(path)) continue;
            out.insert(path);
            if (--room == 0) break;
        }
    }
}

Status BranchIndex::load(
    const git::Mirror& mirror,
    Layer& layer,
    const std::vector<std::string>& paths,
    std::unordered_map<std::string, ScanPtr>& out
) {
    const std::string rule = layer.lens.rule();
    std::vector<Job> missing;
    for (const auto& path : paths) {
        const BlobBytes* blob = layer.files.find(path);
        if (blob == nullptr) continue;
        if (layer.links.contains(path)) {
            out[path] = std::make_shared<const manifest::Scan>(skipped("a symbolic link"));
            continue;
        }
        auto key = BlobScans::key(*blob, base_name(path), rule);
        if (const auto known = recent_.find(key); known != recent_.end()) {
            out[path] = known->second;
            continue;
        }
        missing.push_back(
            {.path = path, .blob = *blob, .key = std::move(key), .names = {}, .row = {}}
        );
    }
    std::vector<std::optional<BlobScans::Kept>> kept(missing.size());
    if (missing.size() >= kWorthAsking) {
        std::vector<std::string> keys;
        for (const Job& job : missing) keys.push_back(job.key);
        kept = scans_->get(keys);
    }
    for (std::size_t i = 0; i < missing.size(); ++i) {
        Job& job = missing[i];
        ScanPtr scan;
        if (kept[i] && kept[i]->current) {
            scan = std::make_shared<const manifest::Scan>(std::move(kept[i]->scan));
        } else {
            auto found = scan_blob(
                layer.lens,
                job.path,
                job.blob,
                [&](const git::BlobId& id, std::size_t max) { return mirror.read(id, max); }
            );
            if (found.has_error()) return found.error();
            scan = std::make_shared<const manifest::Scan>(std::move(*found));
        }
        const std::size_t cost = 1 + scan->places.size() + scan->problems.size();
        if (recent_cost_ + cost > kRecentPlaces) {
            recent_.clear();
            recent_cost_ = 0;
        }
        recent_cost_ += cost;
        recent_.emplace(std::move(job.key), scan);
        out[job.path] = std::move(scan);
    }
    return {};
}

Result<plan::Snapshot> BranchIndex::snapshot(
    const git::Mirror& mirror, std::span<const plan::Bid> bids
) {
    const std::lock_guard lock{mutex_};
    std::set<std::string> found;
    Watches watches;
    for (const auto& bid : bids) {
        candidates(bid, found);
        for (const auto& watch : bid.scope.fields) {
            if (std::find(watches.begin(), watches.end(), watch) == watches.end()) {
                watches.push_back(watch);
            }
        }
    }
    strangers(bids, found);
    const std::vector<std::string> paths{found.begin(), found.end()};

    Layer& shapes = layer_for({});
    plan::Snapshot snapshot;
    snapshot.base = shapes.commit;
    snapshot.problems = problems_;
    snapshot.each = runtime::on_all_cores;
    std::unordered_map<std::string, ScanPtr> scans;
    if (auto status = load(mirror, shapes, paths, scans); status.has_error()) {
        return status.error();
    }
    const auto nothing = std::make_shared<const manifest::Scan>();
    auto blobs = std::make_shared<std::unordered_map<std::string, BlobBytes>>();
    for (const auto& path : paths) {
        const auto scan = scans.find(path);
        snapshot.files.push_back(
            {.path = path, .scan = scan == scans.end() ? nothing : scan->second}
        );
        if (const BlobBytes* blob = shapes.files.find(path)) blobs->emplace(path, *blob);
    }
    for (const auto& watch : watches) {
        Layer& layer = layer_for({watch});
        std::unordered_map<std::string, ScanPtr> fields;
        if (auto status = load(mirror, layer, paths, fields); status.has_error()) {
            return status.error();
        }
        for (auto& file : snapshot.files) {
            const auto scan = fields.find(file.path);
            if (scan == fields.end()) continue;
            file.fields.push_back({watch, scan->second});
            blobs->emplace(file.path, *layer.files.find(file.path));
        }
    }
    snapshot.read = [&mirror, blobs](const std::string& path) -> Result<std::string> {
        return mirror.read(git::BlobId{to_hex(blobs->at(path))}, kLargestManifest);
    };
    snapshot.files_in = [this](const plan::Scope& scope) {
        const std::lock_guard guard{mutex_};
        std::size_t count = 0;
        layer_for({}).files.all(scope.prefixes(), [&](const std::string& path) {
            if (scope.holds(path) && !ignore_.ignores(path)) ++count;
            return true;
        });
        return count;
    };
    return snapshot;
}

Result<bool> BranchIndex::refresh_some(std::size_t files) {
    struct Taken {
        std::string layer;
        Lens lens;
        Job job;
    };
    std::vector<Taken> taken;
    {
        const std::lock_guard lock{mutex_};
        for (auto& [id, layer] : layers_) {
            const std::string rule = layer.lens.rule();
            for (const auto& [path, blob] : layer.stale) {
                if (taken.size() >= files) break;
                auto key = BlobScans::key(blob, base_name(path), rule);
                taken.push_back(
                    {id,
                     layer.lens,
                     {.path = path, .blob = blob, .key = std::move(key), .names = {}, .row = {}}}
                );
            }
        }
    }
    if (taken.empty()) return false;
    LINKSPAN_TRY(reader, git::Reader::open(directory_));
    const auto read = [&](const git::BlobId& id, std::size_t max) { return reader.read(id, max); };
    for (Taken& one : taken) {
        LINKSPAN_TRY(scan, scan_blob(one.lens, one.job.path, one.job.blob, read));
        one.job.names = names_of(scan);
        one.job.row = manifest::to_bytes(scan);
    }
    PackedRows rows;
    const std::lock_guard lock{mutex_};
    bool more = false;
    for (Taken& one : taken) {
        rows.add(one.job.key, one.job.row);
        const auto layer = layers_.find(one.layer);
        if (layer == layers_.end()) continue;
        // The branch may have moved on meanwhile.
        auto& stale = layer->second.stale;
        const auto file = stale.find(one.job.path);
        if (file == stale.end() || file->second != one.job.blob) continue;
        stale.erase(file);
        layer->second.files.put(one.job.path, one.job.blob, one.job.names);
    }
    for (const auto& [id, layer] : layers_) more = more || !layer.stale.empty();
    scans_->put(std::move(rows));
    return more;
}

std::size_t BranchIndex::stale() const {
    const std::lock_guard lock{mutex_};
    std::size_t count = 0;
    for (const auto& [id, layer] : layers_) count += layer.stale.size();
    return count;
}

git::CommitId BranchIndex::commit() const {
    const std::lock_guard lock{mutex_};
    return git::CommitId{layers_.at({}).commit};
}

Result<std::size_t> collect(
    const BlobScans& scans, const std::vector<std::shared_ptr<BranchIndex>>& branches
) {
    std::vector<BlobBytes> live;
    for (const auto& branch : branches) {
        LINKSPAN_TRY(reader, git::Reader::open(branch->directory()));
        LINKSPAN_TRY(files, reader.files(branch->commit()));
        for (const auto& file : files) live.push_back(to_bytes(file.blob.hex));
    }
    std::sort(live.begin(), live.end());
    live.erase(std::unique(live.begin(), live.end()), live.end());
    return scans.collect(live);
}

}  // namespace linkspan::pipeline
