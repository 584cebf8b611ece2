#include "service/pipeline/turn.h"

#include "core/manifest/scan.h"
#include "service/pipeline/lens.h"
#include "service/pipeline/repository_rules.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace {

// How many commits are looked through for who changed a file.
constexpr std::size_t kMostCommits = 500;

// A commit that never left this machine may be unknown to a fresh mirror: then it did not land.
bool has_landed(const git::Mirror& mirror, const git::CommitId& tip, const std::string& commit) {
    const auto contains = mirror.contains(tip, git::CommitId{commit});
    return contains.has_value() && *contains;
}

std::vector<std::optional<std::string>> landed_in(
    const git::Mirror& mirror,
    const git::CommitId& tip,
    std::span<const std::vector<std::string>> intended
) {
    std::vector<std::optional<std::string>> landed;
    for (const auto& commits : intended) {
        const auto found = std::find_if(commits.begin(), commits.end(), [&](const auto& commit) {
            return has_landed(mirror, tip, commit);
        });
        landed.push_back(
            found == commits.end() ? std::nullopt : std::optional<std::string>{*found}
        );
    }
    return landed;
}

// Of what was pushed without an answer, only what is in the branch was written.
void sift_written(
    const git::Mirror& mirror,
    const git::CommitId& tip,
    std::vector<plan::Bid>& bids,
    std::set<std::string>& arrived
) {
    std::map<std::string, bool> known;
    for (auto& bid : bids) {
        std::erase_if(bid.written, [&](plan::Written& one) {
            if (one.landed) return false;
            auto [at, fresh] = known.try_emplace(one.commit, false);
            if (fresh) at->second = has_landed(mirror, tip, one.commit);
            one.landed = at->second;
            if (one.landed) arrived.insert(one.commit);
            return !one.landed;
        });
    }
}

// What the place names in these bytes; nullopt when there is no such place.
std::optional<std::string> value_at(const plan::Written& written, const std::string& bytes) {
    const manifest::Scan scan = manifest::scan(written.path, bytes);
    for (const auto& place : scan.places) {
        if (place.document != written.document || place.where != written.where) continue;
        const manifest::Named named = manifest::named(place);
        return fmt::format("{}@{}", named.tag, named.digest.value_or(""));
    }
    return std::nullopt;
}

// In words, whoever changed the place last between what was written there and `tip`; whoever
// changed the file, where the place itself can't be followed.
Result<std::optional<std::string>> who_changed(
    const git::Mirror& mirror, const git::CommitId& tip, const plan::Written& written
) {
    const git::CommitId since{written.commit};
    const auto contains = mirror.contains(tip, since);
    if (contains.has_error() || !*contains) return std::optional<std::string>{};
    LINKSPAN_TRY(commits, mirror.log(tip, since, kMostCommits));
    const auto file_in = [&](const git::CommitId& commit) -> Result<std::string> {
        LINKSPAN_TRY(file, mirror.find(commit, written.path));
        return file ? file->blob.hex : std::string{};
    };
    const auto value_in = [&](const std::string& blob) -> Result<std::optional<std::string>> {
        if (blob.empty()) return std::optional<std::string>{};
        LINKSPAN_TRY(bytes, mirror.read(git::BlobId{blob}, kLargestManifest));
        return value_at(written, bytes);
    };
    LINKSPAN_TRY(blob, file_in(tip));
    LINKSPAN_TRY(value, value_in(blob));
    std::string looked_at = blob;  // has the value of now
    std::optional<std::string> who;
    for (const auto& commit : commits) {
        std::string before;
        if (!commit.parents.empty()) {
            LINKSPAN_TRY(file, file_in(commit.parents.front()));
            before = std::move(file);
        }
        if (before == looked_at) continue;
        const std::string subject = commit.message.substr(0, commit.message.find('\n'));
        const std::string words = fmt::format(
            "{} <{}> in {:.12} (\"{}\")",
            commit.author.name,
            commit.author.email,
            commit.id.hex,
            subject.substr(0, 100)
        );
        LINKSPAN_TRY(old, value_in(before));
        if (old != value) return std::optional{words};
        if (!who) who = words;
        looked_at = std::move(before);
    }
    return who ? who : std::optional<std::string>{"changed by somebody"};
}

// Gerrit knows a change again by it, however often its commit is made anew.
std::string change_id(const plan::EditPlan& part) {
    std::set<std::string> keys;
    for (const auto& change : part.changes) {
        keys.insert(fmt::format("{} {} {}", change.target, change.policy, change.new_tag));
    }
    const std::string text = fmt::format("{}", fmt::join(keys, "\n"));
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), hash.data(), &length, EVP_sha1(), nullptr);
    std::string id = "I";
    for (unsigned i = 0; i < length; ++i) id += fmt::format("{:02x}", hash[i]);
    return id;
}

Status make_commits(BranchView& view, const CommitOptions& options, PlannedTurn& planned) {
    LINKSPAN_TRY(parts, plan::split(planned.turn.plan, options.group));
    git::CommitId base = planned.base;
    for (auto& part : parts) {
        plan::MessageOptions text = options.message;
        if (options.change_ids) text.change_id = change_id(part);
        LINKSPAN_TRY(message, plan::commit_message(text, part));
        if (!options.dry_run) {
            git::CommitSpec spec{
                .base = base,
                .changes = {},
                .message = message,
                .author = options.author,
                .committer = options.committer,
                .time = options.time,
                .signing = options.signing};
            for (const auto& file : part.files) {
                spec.changes.push_back({.path = file.path, .content = file.after});
            }
            LINKSPAN_TRY(commit, view.mirror->commit(spec));
            base = commit;
        }
        planned.commits.push_back(
            {.part = std::move(part),
             .message = std::move(message),
             .id = options.dry_run ? git::CommitId{} : base}
        );
    }
    return {};
}

}  // namespace

std::string PlannedTurn::commit_of(const std::string& target, const std::string& policy) const {
    for (auto commit = commits.rbegin(); commit != commits.rend(); ++commit) {
        const auto& changes = commit->part.changes;
        if (std::any_of(changes.begin(), changes.end(), [&](const auto& change) {
                return change.target == target && change.policy == policy;
            })) {
            return commit->id.hex;
        }
    }
    return {};
}

Result<PlannedTurn> plan_on_tip(
    BranchView& view,
    std::span<const plan::Bid> bids,
    std::span<const std::vector<std::string>> intended,
    const CommitOptions& options,
    Look look
) {
    if (auto status = open_mirror(view); status.has_error()) return status.error();
    PlannedTurn planned;
    // Whether an earlier push landed is the remote's to say.
    const bool asks =
        std::any_of(
            intended.begin(), intended.end(), [](const auto& commits) { return !commits.empty(); }
        ) ||
        std::any_of(bids.begin(), bids.end(), [](const auto& bid) {
            return std::any_of(bid.written.begin(), bid.written.end(), [](const auto& one) {
                return !one.landed;
            });
        });
    if (look == Look::KnownTip && !asks) {
        LINKSPAN_TRY(known, view.mirror->known_tip(view.branch));
        if (known) planned.base = *known;
    }
    if (planned.base.hex.empty()) {
        LINKSPAN_TRY(tip, view.mirror->fetch(view.branch));
        planned.base = tip;
        planned.fresh = true;
    }
    const git::CommitId tip = planned.base;
    if (options.rules) {
        LINKSPAN_TRY(rules, rules_fingerprint(*view.mirror, tip));
        planned.rules = std::move(rules);
    }
    planned.landed = landed_in(*view.mirror, tip, intended);
    for (const auto& commit : planned.landed) {
        if (commit) planned.arrived.insert(*commit);
    }

    std::vector<plan::Bid> open;
    std::vector<std::size_t> index;
    for (std::size_t i = 0; i < bids.size(); ++i) {
        if (planned.landed[i]) continue;
        open.push_back(bids[i]);
        index.push_back(i);
    }
    sift_written(*view.mirror, tip, open, planned.arrived);
    plan::Snapshot snapshot;
    if (open.empty()) {
        snapshot.base = tip.hex;
    } else {
        LINKSPAN_TRY(taken, take_snapshot(view, tip, open));
        snapshot = std::move(taken);
    }
    snapshot.changed_since = [&view, &tip](const plan::Written& written) {
        return who_changed(*view.mirror, tip, written);
    };
    auto turn = plan::plan_turn(snapshot, open);
    if (turn.has_error()) return turn.error().within("planning");

    planned.turn.plan = std::move(turn->plan);
    planned.turn.answers.resize(bids.size());
    for (std::size_t i = 0; i < index.size(); ++i) {
        planned.turn.answers[index[i]] = std::move(turn->answers[i]);
    }
    if (planned.turn.plan.empty()) return planned;
    if (auto made = make_commits(view, options, planned); made.has_error()) return made.error();
    return planned;
}

Result<git::PushAnswer> publish(
    BranchView& view, const PlannedTurn& planned, const PublishOptions& options
) {
    const git::CommitId& target = planned.commits.back().id;
    if (!options.review.empty()) {
        return view.mirror->push_for_review(
            {.ref = options.review, .target = target, .options = options.push_options}
        );
    }
    return view.mirror->push(
        {.branch = view.branch,
         .expected = planned.base,
         .target = target,
         .options = options.push_options}
    );
}

}  // namespace linkspan::pipeline
