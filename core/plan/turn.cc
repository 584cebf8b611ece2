#include "core/plan/turn.h"

#include "core/glob.h"
#include "core/manifest/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace linkspan::plan {
namespace {

constexpr std::size_t kMaxProblems = 20;

// Bids that ask one question: the same target and policy.
struct Question {
    std::vector<std::size_t> bids;  // indices
    std::size_t best = 0;           // whose selection is planned
};

std::vector<Question> questions_of(std::span<const Bid> bids) {
    std::map<std::pair<std::string, std::string>, std::size_t> known;
    std::vector<Question> questions;
    for (std::size_t i = 0; i < bids.size(); ++i) {
        const auto key = std::pair{bids[i].target, bids[i].policy.full_name()};
        const auto [at, added] = known.try_emplace(key, questions.size());
        if (added) questions.push_back({.bids = {}, .best = i});
        Question& question = questions[at->second];
        question.bids.push_back(i);
        const auto& best = bids[question.best].selection.selected;
        const auto& mine = bids[i].selection.selected;
        if (!mine) continue;
        if (!best) {
            question.best = i;
            continue;
        }
        const auto order = policy::compare(bids[i].policy, *mine, *best);
        // Equal or unordered: the later bid knows the newer list.
        if (!order || *order >= 0) question.best = i;
    }
    return questions;
}

// The edits of one file so far, and which question each span belongs to.
struct OpenFile {
    std::string before;
    std::vector<manifest::Edit> edits;
    std::map<manifest::ByteSpan, std::string> owners;     // span → replacement
    std::vector<std::pair<std::size_t, Change>> changes;  // question, change
};

bool overlaps(const manifest::ByteSpan& a, const manifest::ByteSpan& b) {
    return a == b || (a.begin < b.end && b.begin < a.end);
}

// Scalars that a marker governs: image field rules leave them alone.
bool governed(const manifest::Scan& scan, const manifest::Place& place) {
    for (const auto& other : scan.places) {
        if (other.kind != manifest::PlaceKind::Marker) continue;
        for (const auto& theirs : other.scalars) {
            for (const auto& ours : place.scalars) {
                if (overlaps(theirs.span, ours.span)) return true;
            }
        }
    }
    return false;
}

bool asks_for(const Bid& bid, const manifest::Scan& scan, const manifest::Place& place) {
    if (place.kind == manifest::PlaceKind::Marker) {
        return bid.scope.markers &&
               (place.policy == bid.policy.full_name() ||
                (bid.policy.name_space.empty() && place.policy == bid.policy.name));
    }
    return bid.scope.images && place.image && *place.image == bid.policy.image &&
           !governed(scan, place);
}

class Planner {
public:
    Planner(const Snapshot& snapshot, std::span<const Bid> bids)
        : snapshot_{snapshot}, bids_{bids}, questions_{questions_of(bids)} {
        answers_.resize(questions_.size());
    }

    Result<Turn> run() {
        for (std::size_t q = 0; q < questions_.size(); ++q) {
            BidAnswer& answer = answers_[q];
            const Bid& bid = bids_[questions_[q].best];
            answer.decision.explanation = bid.selection;
            if (!bid.selection.selected) {
                answer.decision.verdict = policy::Refused{
                    bid.selection.why.empty() ? "no tag passes the policy" : bid.selection.why};
                continue;
            }
            if (auto held = policy::held_by(bid.holds, *bid.selection.selected, bid.resolved)) {
                answer.decision.verdict = std::move(*held);
                continue;
            }
            for (const SnapshotFile& file : snapshot_.files) {
                if (!bid.scope.holds(file.path)) continue;
                if (auto status = visit(q, bid, file); status.has_error()) return status.error();
            }
        }
        return finish();
    }

private:
    Status visit(std::size_t q, const Bid& bid, const SnapshotFile& file) {
        BidAnswer& answer = answers_[q];
        const manifest::Scan& scan = *file.scan;
        if (scan.skipped) note(answer, fmt::format("{}: skipped: {}", file.path, *scan.skipped));
        if (bid.scope.markers) {
            for (const auto& problem : scan.problems) {
                note(answer, fmt::format("{}:{}: {}", file.path, problem.line, problem.message));
            }
        }
        // A refused tag must not leave its digest or name promoted in the same document.
        std::set<std::size_t> refused_documents;
        for (const bool with_tag : {true, false}) {
            for (const auto& place : scan.places) {
                if (!asks_for(bid, scan, place)) continue;
                if (manifest::named(place).tag.empty() == with_tag) continue;
                ++answer.places;
                if (refused_documents.contains(place.document)) continue;
                LINKSPAN_TRY(kept, weigh(q, bid, file, place));
                if (!kept) refused_documents.insert(place.document);
            }
        }
        return {};
    }

    // False when the place was refused.
    Result<bool> weigh(
        std::size_t q, const Bid& bid, const SnapshotFile& file, const manifest::Place& place
    ) {
        BidAnswer& answer = answers_[q];
        const std::size_t line = place.scalars.empty() ? 0 : place.scalars.front().line;
        const auto refuse = [&](const std::string& reason) {
            answer.refusals.push_back(fmt::format("{}:{}: {}", file.path, line, reason));
            return false;
        };
        const manifest::Named now = manifest::named(place);
        const policy::Decision decision = policy::decide(
            bid.policy, bid.selection, {.tag = now.tag, .digest = now.digest}, bid.resolved
        );
        if (const auto* refused = std::get_if<policy::Refused>(&decision.verdict)) {
            return refuse(refused->reason);
        }
        const auto* promote = std::get_if<policy::Promote>(&decision.verdict);
        // A place that names no tag (":name", ":digest") is always asked what it would become.
        if (promote == nullptr && !now.tag.empty()) return true;
        auto tag = image::Tag::parse(*bid.selection.selected);
        if (tag.has_error()) return refuse(tag.error().message);

        LINKSPAN_TRY(open, opened(file.path));
        auto edits = manifest::edits_for(
            open->before,
            place,
            {.image = bid.policy.image,
             .tag = *tag,
             .digest = bid.resolved,
             .digest_mode = policy::digest_mode(bid.policy)}
        );
        if (edits.has_error()) return refuse(edits.error().message);
        if (edits->empty()) return true;
        for (const auto& edit : *edits) {
            for (const auto& [span, replacement] : open->owners) {
                if (overlaps(span, edit.span) &&
                    !(span == edit.span && replacement == edit.replacement)) {
                    return refuse(
                        "another policy of this turn wants this place to be something else; give "
                        "the two "
                        "policies different images, or mark the place for one of them"
                    );
                }
            }
        }
        for (auto& edit : *edits) {
            if (open->owners.try_emplace(edit.span, edit.replacement).second) {
                open->edits.push_back(std::move(edit));
            }
        }
        Change change{
            .target = bid.target,
            .policy = bid.policy.full_name(),
            .path = file.path,
            .line = line,
            .where = place.where,
            .image = bid.policy.image,
            .old_tag = now.tag,
            .new_tag = tag->str(),
            .old_digest = now.digest,
            .new_digest = std::nullopt,
            .why = decision.explanation.why,
        };
        const auto mode = policy::digest_mode(bid.policy);
        if (bid.resolved && mode != policy::DigestMode::Never &&
            (now.digest || mode == policy::DigestMode::Pin)) {
            change.new_digest = bid.resolved->str();
        }
        open->changes.emplace_back(q, std::move(change));
        return true;
    }

    Result<OpenFile*> opened(const std::string& path) {
        const auto found = open_.find(path);
        if (found != open_.end()) return &found->second;
        LINKSPAN_TRY(bytes, snapshot_.read(path));
        OpenFile& file = open_[path];
        file.before = std::move(bytes);
        return &file;
    }

    Result<Turn> finish() {
        Turn turn;
        turn.plan.base = snapshot_.base;
        for (auto& [path, file] : open_) {
            if (file.edits.empty()) continue;
            std::sort(file.edits.begin(), file.edits.end(), [](const auto& a, const auto& b) {
                return a.span < b.span;
            });
            auto after = manifest::apply(file.before, file.edits);
            Status sound = after.has_error() ? Status{after.error()}
                                             : manifest::verify(file.before, *after, file.edits);
            if (sound.has_error()) {
                // Loud, and for this file alone.
                for (const auto& [q, change] : file.changes) {
                    answers_[q].refusals.push_back(fmt::format(
                        "{}:{}: not edited: {}", path, change.line, sound.error().message
                    ));
                }
                continue;
            }
            for (auto& [q, change] : file.changes) {
                answers_[q].changes.push_back(change);
                turn.plan.changes.push_back(std::move(change));
            }
            turn.plan.files.push_back(
                {.path = path,
                 .edits = std::move(file.edits),
                 .before = std::move(file.before),
                 .after = std::move(*after)}
            );
        }
        turn.answers.resize(bids_.size());
        for (std::size_t q = 0; q < questions_.size(); ++q) {
            conclude(q);
            for (const std::size_t i : questions_[q].bids) {
                turn.answers[i] = answers_[q];
                if (!answers_[q].changes.empty()) turn.plan.causes.push_back(bids_[i].cause);
            }
        }
        return turn;
    }

    // The verdict over all places of a question.
    void conclude(std::size_t q) {
        BidAnswer& answer = answers_[q];
        const Bid& bid = bids_[questions_[q].best];
        if (!bid.selection.selected) return;
        if (std::holds_alternative<policy::Held>(answer.decision.verdict)) return;
        if (!answer.changes.empty()) {
            auto tag = image::Tag::parse(*bid.selection.selected);
            answer.decision.verdict =
                policy::Promote{.tag = std::move(*tag), .digest = bid.resolved};
        } else if (!answer.refusals.empty()) {
            answer.decision.verdict = policy::Refused{answer.refusals.front()};
        } else if (answer.places > 0) {
            answer.decision.verdict = policy::AlreadyCurrent{};
        } else {
            answer.decision.verdict = policy::Refused{no_place(bid)};
        }
    }

    [[nodiscard]] std::string no_place(const Bid& bid) const {
        std::size_t files = 0;
        for (const auto& file : snapshot_.files) files += bid.scope.holds(file.path) ? 1U : 0U;
        std::string looked;
        if (bid.scope.markers)
            looked = fmt::format("no marker names \"{}\"", bid.policy.full_name());
        if (bid.scope.images) {
            if (!looked.empty()) looked += " and ";
            looked += fmt::format("no image field names {}", bid.policy.image.str());
        }
        std::string where = bid.scope.paths.empty()
                                ? std::string{"the repository"}
                                : fmt::format("{}", fmt::join(bid.scope.paths, ", "));
        return fmt::format("no place found: {} in {} ({} candidate files)", looked, where, files);
    }

    static void note(BidAnswer& answer, std::string text) {
        if (answer.problems.size() < kMaxProblems) answer.problems.push_back(std::move(text));
    }

    const Snapshot& snapshot_;
    std::span<const Bid> bids_;
    std::vector<Question> questions_;
    std::vector<BidAnswer> answers_;        // one for each question
    std::map<std::string, OpenFile> open_;  // ordered: plans are the same every time
};

bool under(const std::string& path, const std::string& prefix) {
    if (prefix.empty() || prefix == "." || prefix == "/") return true;
    std::string_view p{prefix};
    if (p.starts_with("./")) p.remove_prefix(2);
    if (p.ends_with('/')) p.remove_suffix(1);
    return path == p || (path.size() > p.size() && path.starts_with(p) && path[p.size()] == '/');
}

}  // namespace

bool Scope::holds(const std::string& path) const {
    if (!paths.empty() &&
        std::none_of(paths.begin(), paths.end(), [&](const auto& p) { return under(path, p); })) {
        return false;
    }
    return std::none_of(ignore.begin(), ignore.end(), [&](const auto& glob) {
        return glob_matches(glob, path);
    });
}

Result<Turn> plan_turn(const Snapshot& snapshot, std::span<const Bid> bids) {
    return Planner{snapshot, bids}.run();
}

}  // namespace linkspan::plan
