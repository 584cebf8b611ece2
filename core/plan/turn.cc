#include "core/plan/turn.h"

#include "core/manifest/edit.h"
#include "core/plan/splice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
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
        // What waits must not take along what need not, nor be refused with its neighbour.
        if (bids[i].is_stopped()) {
            questions.push_back({.bids = {i}, .best = i});
            continue;
        }
        const auto key = std::pair{bids[i].target, bids[i].policy.full_name()};
        const auto [at, added] = known.try_emplace(key, questions.size());
        if (added) questions.push_back({.bids = {}, .best = i});
        Question& question = questions[at->second];
        question.bids.push_back(i);
        // What a person asked for goes before what a policy chose, the newest wish first.
        if (bids[i].asked_for) {
            question.best = i;
            continue;
        }
        if (bids[question.best].asked_for) continue;
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

class Planner {
public:
    Planner(const Snapshot& snapshot, std::span<const Bid> bids)
        : snapshot_{snapshot}, bids_{bids}, questions_{questions_of(bids)} {
        answers_.resize(questions_.size());
        unread_.resize(questions_.size());
        stopped_.resize(questions_.size());
    }

    Result<Turn> run() {
        for (std::size_t q = 0; q < questions_.size(); ++q) {
            BidAnswer& answer = answers_[q];
            const Bid& bid = bids_[questions_[q].best];
            written_.clear();
            for (const Written& one : bid.written) written_[key_of(one)].push_back(&one);
            moved_ = written_;
            for_places(bid, [this](const SnapshotFile& file, const manifest::Place& place) {
                moved_.erase({file.path, place.document, place.where});
            });
            policy_ = policy_of(bid);
            answer.decision.explanation = bid.selection;
            for (const auto& problem : snapshot_.problems) note(answer, problem);
            if (!bid.selection.selected) {
                answer.decision.verdict = policy::Refused{
                    bid.selection.why.empty() ? "no tag passes the policy" : bid.selection.why};
                continue;
            }
            auto held = policy::held_by(bid.holds, *bid.selection.selected, bid.resolved);
            if (held && !bid.asked_for) {
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
                note(answer, told(file, problem));
            }
        }
        std::vector<const manifest::Place*> mine;
        for (const auto& place : scan.places) {
            if (names_no_policy(bid.scope, place)) {
                note(
                    answer,
                    fmt::format(
                        "{}:{}: the marker names \"{}\", and there is no such policy",
                        file.path,
                        place.scalars.empty() ? 0 : place.scalars.front().line,
                        place.policy
                    )
                );
            }
            const bool marker = place.kind == manifest::PlaceKind::Marker;
            if (!follows(bid.scope, bid.policy, place)) continue;
            if (marker || !governed(scan, place)) mine.push_back(&place);
        }
        for (const FieldScan& field : file.fields) add_fields(q, bid, file, field, mine);

        // A refused tag must not leave its digest or name, which have markers of their own,
        // promoted in the same document. What names a whole image stands for itself.
        std::set<std::size_t> refused_documents;
        for (const bool with_tag : {true, false}) {
            for (const manifest::Place* place : mine) {
                if (manifest::named(*place).tag.empty() == with_tag) continue;
                ++answer.places;
                if (!with_tag && is_marked_part(*place) &&
                    refused_documents.contains(place->document)) {
                    continue;
                }
                LINKSPAN_TRY(kept, weigh(q, bid, file, *place));
                if (!kept) refused_documents.insert(place->document);
            }
        }
        return {};
    }

    // The places that a field led to and that nothing else has found.
    void add_fields(
        std::size_t q,
        const Bid& bid,
        const SnapshotFile& file,
        const FieldScan& field,
        std::vector<const manifest::Place*>& mine
    ) {
        const auto& watches = bid.scope.fields;
        if (std::find(watches.begin(), watches.end(), field.watch) == watches.end()) return;
        if (field.scan->skipped) {
            unread_[q].push_back(fmt::format(
                "{}: asked for by \"fields\", and can't be read: {}",
                file.path,
                *field.scan->skipped
            ));
            note(answers_[q], unread_[q].back());
        }
        for (const auto& problem : field.scan->problems) {
            note(answers_[q], told(file, problem));
        }
        for (const auto& place : field.scan->places) {
            if (!follows(bid.scope, bid.policy, *field.watch, place)) continue;
            const bool known = std::any_of(mine.begin(), mine.end(), [&](const auto* other) {
                return shares_bytes(*other, place);
            });
            if (!known && !governed(*file.scan, place)) mine.push_back(&place);
        }
    }

    // A value that a marker makes one part of an image: its name, tag or digest.
    static bool is_marked_part(const manifest::Place& place) {
        return place.kind == manifest::PlaceKind::Marker &&
               std::none_of(place.scalars.begin(), place.scalars.end(), [](const auto& scalar) {
                   return scalar.role == manifest::Role::Reference;
               });
    }

    static std::string told(const SnapshotFile& file, const manifest::Problem& problem) {
        if (problem.line == 0) return fmt::format("{}: {}", file.path, problem.message);
        return fmt::format("{}:{}: {}", file.path, problem.line, problem.message);
    }

    static bool shares_bytes(const manifest::Place& a, const manifest::Place& b) {
        for (const auto& one : a.scalars) {
            for (const auto& other : b.scalars) {
                if (overlaps(one.span, other.span)) return true;
            }
        }
        return false;
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
        LINKSPAN_TRY(held, held_by_people(answer, bid, file, place, now));
        if (held) {
            answer.held.push_back(fmt::format("{}:{}: {}", file.path, line, *held));
            return false;
        }
        const policy::Judgement decision = policy::judge(
            policy_, bid.selection, {.tag = now.tag, .digest = now.digest}, bid.resolved
        );
        if (const auto* refused = std::get_if<policy::Refused>(&decision.verdict)) {
            return refuse(refused->reason);
        }
        const auto* promote = std::get_if<policy::Promote>(&decision.verdict);
        // A name that means the policy's image stays as it is, through a mirror or not.
        const bool named_well = place.image && bid.scope.same(*place.image, bid.policy.image);
        // A place that names no tag (":name", ":digest") is always asked what it would become, and
        // so is a marked one that names another image.
        if (promote == nullptr && !now.tag.empty() && (!place.image || named_well)) return true;
        auto tag = image::Tag::parse(*bid.selection.selected);
        if (tag.has_error()) return refuse(tag.error().message);

        LINKSPAN_TRY(open, opened(file.path));
        auto edits = manifest::edits_for(
            open->before,
            place,
            {.image = named_well ? *place.image : bid.policy.image,
             .tag = *tag,
             .digest = bid.resolved,
             .digest_mode = policy::digest_mode(bid.policy)}
        );
        if (edits.has_error()) return refuse(edits.error().message);
        if (edits->empty()) return true;
        if (bid.is_stopped()) {
            stopped_[q] = true;
            return true;
        }
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
        std::vector<manifest::ByteSpan> spans;
        for (auto& edit : *edits) {
            spans.push_back(edit.span);
            if (open->owners.try_emplace(edit.span, edit.replacement).second) {
                open->edits.push_back(std::move(edit));
            }
        }
        Change change{
            .target = bid.target,
            .policy = bid.policy.full_name(),
            .path = file.path,
            .line = line,
            .document = place.document,
            .where = place.where,
            .image = bid.policy.image,
            .old_tag = now.tag,
            .new_tag = tag->str(),
            .old_digest = now.digest,
            .new_digest = std::nullopt,
            .why = bid.asked_for ? bid.selection.why : decision.why,
            .asked_for = bid.asked_for,
            .compare = compared(bid, now.tag, tag->str()),
            .spans = std::move(spans),
        };
        const auto mode = policy::digest_mode(bid.policy);
        if (bid.resolved && mode != policy::DigestMode::Never &&
            (now.digest || mode == policy::DigestMode::Pin)) {
            change.new_digest = bid.resolved->str();
        }
        open->changes.emplace_back(q, std::move(change));
        return true;
    }

    static policy::Policy policy_of(const Bid& bid) {
        policy::Policy policy = bid.policy;
        policy.allow_downgrade = policy.allow_downgrade || bid.asked_for;
        return policy;
    }

    // What senders told of both tags; the event at hand knows best about its own.
    static std::string compared(
        const Bid& bid, const std::string& old_tag, const std::string& new_tag
    ) {
        const auto told = [&bid](const std::string& tag) {
            if (!bid.origins) return ImageOrigin{};
            const auto known = bid.origins->find(tag);
            return known == bid.origins->end() ? ImageOrigin{} : known->second;
        };
        ImageOrigin to = told(new_tag);
        const auto& event = bid.cause.event;
        if (event.tag.str() == new_tag && event.revision) {
            to = {.revision = *event.revision, .source = event.source.value_or(""), .created = {}};
        }
        return compare_link(told(old_tag), to).value_or("");
    }

    using PlaceKey = std::tuple<std::string, std::size_t, std::string>;
    static PlaceKey key_of(const Written& one) { return {one.path, one.document, one.where}; }

    // What was written at this place. Where nothing was, at one that is gone and that this one may
    // have been: a document or a container was put before it, or its file has another name.
    std::map<PlaceKey, std::vector<const Written*>>::const_iterator written_of(
        const std::string& path, const manifest::Place& place
    ) const {
        const auto found = written_.find({path, place.document, place.where});
        if (found != written_.end()) return found;
        for (const auto& [key, rows] : moved_) {
            const auto& [old_path, document, where] = key;
            if (old_path == path || (document == place.document && where == place.where)) {
                return written_.find(key);
            }
        }
        return written_.end();
    }

    // Every place that the bid's image or policy has in its scope.
    template <class Visit>
    void for_places(const Bid& bid, const Visit& visit) const {
        if (bid.written.empty()) return;
        for (const SnapshotFile& file : snapshot_.files) {
            if (!bid.scope.holds(file.path)) continue;
            for (const auto& place : file.scan->places) {
                if (follows(bid.scope, bid.policy, place)) visit(file, place);
            }
            for (const FieldScan& field : file.fields) {
                for (const auto& place : field.scan->places) {
                    if (follows(bid.scope, bid.policy, *field.watch, place)) visit(file, place);
                }
            }
        }
    }

    // People win: a tag that Linkspan wrote here, and that a person changed since, is not written
    // again. In words, who and how; nullopt when nobody did.
    Result<std::optional<std::string>> held_by_people(
        BidAnswer& answer,
        const Bid& bid,
        const SnapshotFile& file,
        const manifest::Place& place,
        const manifest::Named& now
    ) {
        using Held = std::optional<std::string>;
        if (bid.asked_for) return Held{};
        const auto found = written_of(file.path, place);
        if (found == written_.end()) return Held{};
        const std::string& wanted = *bid.selection.selected;
        const auto names = [&now](const Written& one) {
            return (now.tag.empty() || now.tag == one.tag) &&
                   (!one.digest || (now.digest && *now.digest == *one.digest));
        };
        for (const Written* one : found->second) {
            // A tag that moved since is news, not what the person turned down.
            const bool moved = one->digest && bid.resolved && *one->digest != bid.resolved->str();
            if (one->tag != wanted || moved) continue;
            if (one->undone && names(*one)) {
                answer.put_back.push_back(one->id);
                continue;
            }
            if (one->undone) return Held{*one->undone};
            // What Linkspan itself wrote over is nobody's decision.
            if (one != found->second.back()) continue;
            if (names(*one) || !snapshot_.changed_since) continue;
            LINKSPAN_TRY(who, snapshot_.changed_since(*one));
            if (!who && bid.reviewed) {
                return Held{fmt::format("sent for review in commit {:.12}", one->commit)};
            }
            if (!who) continue;
            const std::string shown =
                now.digest ? fmt::format("{}@{}", now.tag, *now.digest) : now.tag;
            const std::string how = fmt::format(
                "{} was written here by commit {:.12}, and is now {}: {}; held until a newer tag "
                "comes, or until it is resumed",
                wanted,
                one->commit,
                shown,
                *who
            );
            answer.undone.push_back({.written = one->id, .how = how});
            return Held{how};
        }
        return Held{};
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
        std::erase_if(open_, [](const auto& entry) { return entry.second.edits.empty(); });
        std::vector<Splice> splices;
        for (auto& [path, file] : open_) {
            std::sort(file.edits.begin(), file.edits.end(), [](const auto& a, const auto& b) {
                return a.span < b.span;
            });
            splices.push_back({file.before, file.edits});
        }
        auto texts = splice(splices, snapshot_.each);
        auto text = texts.begin();
        for (auto& [path, file] : open_) {
            auto after = std::move(*text++);
            if (after.has_error()) {
                // Loud, and for this file alone.
                for (const auto& [q, change] : file.changes) {
                    answers_[q].refusals.push_back(fmt::format(
                        "{}:{}: not edited: {}", path, change.line, after.error().message
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
                if (answers_[q].changes.empty()) continue;
                Cause cause = bids_[i].cause;
                cause.target = bids_[i].target;
                cause.policy = bids_[i].policy.full_name();
                turn.plan.causes.push_back(std::move(cause));
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
        } else if (stopped_[q]) {
            if (const auto* waiting = std::get_if<policy::Waiting>(&bid.gate)) {
                answer.decision.verdict = *waiting;
            } else {
                answer.decision.verdict = std::get<policy::Refused>(bid.gate);
            }
        } else if (!answer.held.empty()) {
            answer.decision.verdict =
                policy::Held{.by = "people", .until = std::nullopt, .why = answer.held.front()};
        } else if (!answer.refusals.empty()) {
            answer.decision.verdict = policy::Refused{answer.refusals.front()};
        } else if (!unread_[q].empty()) {
            answer.decision.verdict = policy::Refused{unread_[q].front()};
        } else if (answer.places > 0) {
            answer.decision.verdict = policy::AlreadyCurrent{};
        } else {
            answer.decision.verdict = policy::Refused{no_place(bid)};
        }
    }

    [[nodiscard]] std::string no_place(const Bid& bid) const {
        std::vector<std::string> looked;
        if (bid.scope.markers) {
            looked.push_back(fmt::format("no marker names \"{}\"", bid.policy.full_name()));
        }
        if (bid.scope.images) {
            looked.push_back(fmt::format("no image field names {}", bid.policy.image.str()));
        }
        if (!bid.scope.fields.empty()) looked.emplace_back("no value of \"fields\" is its");
        std::string where = bid.scope.paths.empty()
                                ? std::string{"the repository"}
                                : fmt::format("{}", fmt::join(bid.scope.paths, ", "));
        return fmt::format(
            "no place found: {} in {} ({} candidate files)",
            fmt::join(looked, " and "),
            where,
            candidates(bid.scope)
        );
    }

    [[nodiscard]] std::size_t candidates(const Scope& scope) const {
        if (snapshot_.files_in) return snapshot_.files_in(scope);
        return static_cast<std::size_t>(std::count_if(
            snapshot_.files.begin(),
            snapshot_.files.end(),
            [&](const auto& file) { return scope.holds(file.path); }
        ));
    }

    static void note(BidAnswer& answer, std::string text) {
        if (answer.problems.size() < kMaxProblems) answer.problems.push_back(std::move(text));
    }

    const Snapshot& snapshot_;
    std::span<const Bid> bids_;
    std::vector<Question> questions_;
    std::vector<BidAnswer> answers_;                // one for each question
    std::vector<std::vector<std::string>> unread_;  // files that were asked for, for each question
    std::vector<bool> stopped_;                     // a gate stands before a change, by question
    std::map<std::string, OpenFile> open_;          // ordered: plans are the same every time
    // Of the question at hand.
    policy::Policy policy_;
    std::map<PlaceKey, std::vector<const Written*>> written_;
    std::map<PlaceKey, std::vector<const Written*>> moved_;  // those whose place is gone
};

}  // namespace

Result<Turn> plan_turn(const Snapshot& snapshot, std::span<const Bid> bids) {
    return Planner{snapshot, bids}.run();
}

}  // namespace linkspan::plan
