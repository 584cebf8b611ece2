#include "service/pipeline/proposal_look.h"

#include "service/pipeline/diff_share.h"
#include "service/pipeline/trail_json.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace linkspan::pipeline {
namespace {

// The trail's detail, with what became of the pull request in it.
std::string with_pull_request(const std::string& detail, const ProposeAnswer& answer) {
    auto json = nlohmann::ordered_json::parse(detail, nullptr, false);
    if (!json.is_object()) json = nlohmann::ordered_json::object();
    json["pull_request"] = nlohmann::ordered_json::parse(pull_request_json(answer), nullptr, false);
    return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool carries(const plan::EditPlan& plan, const plan::Change& change) {
    return std::any_of(plan.changes.begin(), plan.changes.end(), [&](const auto& one) {
        return one.policy == change.policy && one.path == change.path &&
               one.where == change.where && one.document == change.document;
    });
}

bool is_of(const plan::EditPlan& plan, const plan::BidAnswer& answer) {
    return std::any_of(answer.changes.begin(), answer.changes.end(), [&](const auto& change) {
        return carries(plan, change);
    });
}

// Merges that the platform would do are taken off when the window closes, not a look later.
std::optional<store::TimePoint> closing_soon(
    const policy::Schedule& schedule, store::TimePoint now
) {
    if (schedule.always_open()) return std::nullopt;
    for (std::chrono::seconds ahead{1}; ahead <= std::chrono::minutes{1}; ++ahead) {
        if (!policy::opening(schedule, now + ahead).open) return now + ahead;
    }
    return std::nullopt;
}

// Without the files' bytes.
plan::EditPlan changes_of(const plan::EditPlan& plan) {
    plan::EditPlan out;
    out.changes = plan.changes;
    return out;
}

// Another way of grouping, or a file that was moved: what the group had is proposed all the same.
bool is_in_another_group(const ProposalLook& look, const store::PullRequest& row) {
    const auto proposed = [&look](const store::PullRequestImage& image) {
        return std::any_of(look.groups.begin(), look.groups.end(), [&image](const auto& group) {
            const auto& changes = group.second.plan.changes;
            return std::any_of(changes.begin(), changes.end(), [&image](const auto& change) {
                return change.policy == image.policy && change.new_tag == image.tag;
            });
        });
    };
    return !row.images.empty() && std::all_of(row.images.begin(), row.images.end(), proposed);
}

// Of the groups that have a change of the answer: what waits or fails anywhere is not done.
struct Told {
    const ProposeAnswer* answer = nullptr;
    const Error* error = nullptr;
};
Told told_of(const ProposalLook& look, const plan::BidAnswer& answer) {
    Told told;
    for (const auto& [name, group] : look.groups) {
        if (!is_of(group.plan, answer)) continue;
        if (const auto bad = look.errors.find(name); bad != look.errors.end()) {
            told.error = &bad->second;
            continue;
        }
        const auto found = look.answers.find(name);
        if (found == look.answers.end()) continue;
        if (told.answer == nullptr || found->second.kind == "waiting") told.answer = &found->second;
    }
    return told;
}

}  // namespace

std::vector<WaitingWork> ProposalLook::take_rest() {
    std::vector<WaitingWork> rest;
    for (std::size_t i = 0; i < works.size(); ++i) {
        if (!answered.contains(i)) rest.push_back(std::move(works[i]));
    }
    works.clear();
    return rest;
}

std::vector<std::string> ProposalLook::in_order() const {
    enum Rank { Open, Waiting, New };
    const auto rank = [this](const std::string& name) {
        const auto& row = groups.at(name).row;
        if (row && row->state == "open") return std::pair{Open, store::TimePoint{}};
        if (row && row->state == "waiting" && row->waiting_since) {
            return std::pair{Waiting, *row->waiting_since};
        }
        return std::pair{New, store::TimePoint{}};
    };
    std::vector<std::string> names;
    for (const auto& [name, look] : groups) names.push_back(name);
    std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) {
        return rank(a) < rank(b);
    });
    return names;
}

std::vector<plan::Bid> ProposalLook::bids() const {
    std::vector<plan::Bid> bids;
    for (const auto& one : candidates) {
        bids.push_back(one.bid);
        for (const auto& image : held) {
            if (image.policy != one.fact.policy) continue;
            bids.back().holds.push_back(
                {.tag = image.tag,
                 .digest = image.digest.empty() ? std::nullopt : std::optional{image.digest},
                 .who = "a person",
                 .why = "closed the pull request with it without merging",
                 .until = std::nullopt}
            );
        }
    }
    return bids;
}

std::vector<ImageSide> sides_of(const plan::EditPlan& plan) {
    std::vector<ImageSide> sides;
    const auto add = [&](const plan::Change& change,
                         const std::string& text,
                         const std::optional<std::string>& digest) {
        auto tag = image::Tag::parse(text);
        if (tag.has_error()) return;
        sides.push_back({.image = change.image, .tag = std::move(*tag), .digest = digest});
    };
    for (const auto& change : plan.changes) {
        add(change, change.old_tag, change.old_digest);
        add(change, change.new_tag, change.new_digest);
    }
    return sides;
}

ProposeRequest request_of(
    const ProposalLook& look, const std::string& group, GroupLook wanted, GroupFacts facts
) {
    const auto& target = *look.target;
    const auto& answers = look.planned->turn.answers;
    ProposeRequest request{
        .repository = look.repository->name,
        .base_branch = look.repository->branch,
        .base = look.planned->base,
        .options = target.pull_request,
        .author = look.options.author,
        .committer = look.options.committer,
        .signing = look.options.signing,
        .message = look.options.message};
    for (const auto& one : look.candidates) request.facts.push_back(one.fact);
    if (wanted.plan.empty() && wanted.row && is_in_another_group(look, *wanted.row)) {
        request.gone = "Another pull request of this target has these images now.";
        request.gone_kind = "pull_request";
    } else if (wanted.plan.empty() && wanted.row) {
        const auto gone = why_gone(*wanted.row, look.candidates, answers);
        request.gone = gone.reason;
        request.gone_kind = gone.kind;
    }
    if (target.pull_request.status) {
        request.statuses = statuses_of(wanted.plan, request.facts, look.now);
    }
    request.people = std::move(facts.people);
    request.refused = refused_tags_of(wanted.plan, look.candidates, answers);
    request.still_newer = [plan = changes_of(wanted.plan),
                           candidates = look.candidates](const auto& refused) {
        return is_newer(refused, plan, candidates);
    };
    request.proposal =
        proposal_of(target.name, group, std::move(wanted.plan), look.candidates, answers, look.now);
    request.proposal.origins = std::move(facts.origins);
    request.ignored = look.ignored;
    request.counts = facts.counts;
    request.window_open = policy::opening(target.schedule, look.now).open;
    if (!request.window_open) {
        request.window_changes = policy::next_open(target.schedule, look.now);
    } else if (target.pull_request.automerge) {
        request.window_changes = closing_soon(target.schedule, look.now);
    }
    request.window_still_open = [schedule = target.schedule] {
        return policy::opening(schedule, std::chrono::system_clock::now()).open;
    };
    if (wanted.row && !wanted.row->wish.empty()) request.rebuild = read_wish(wanted.row->wish);
    if (!look.config->server.public_url.empty()) {
        request.link = look.config->server.public_url + "/v1/deliveries/{id}";
    }
    request.now = look.now;
    return request;
}

LookEnd end_of(ProposalLook& look) {
    LookEnd end;
    const DiffShare diffs{look.planned->turn.plan};
    for (std::size_t i = 0; i < look.candidates.size(); ++i) {
        const auto& candidate = look.candidates[i];
        if (!candidate.work) continue;
        auto& work = look.works[*candidate.work];
        const auto& answer = look.planned->turn.answers[i];
        auto became = without_change(
            answer,
            detail_json(answer, look.planned->base.hex, diffs.of(answer), work.notes, work.gates)
        );
        if (auto* until = std::get_if<policy::Waiting>(&became)) {
            end.later.push_back({.item = std::move(work.item), .until = std::move(*until)});
            continue;
        }
        const auto told = answer.changes.empty() ? Told{} : told_of(look, answer);
        if (told.error != nullptr) {
            end.failed.push_back(std::move(work));
            end.failure = *told.error;
            continue;
        }
        if (told.answer != nullptr && told.answer->kind == "waiting") {
            end.parked_until = told.answer->again;
            end.parked_why = told.answer->reason;
            end.parked.push_back(std::move(work));
            continue;
        }
        auto outcome = std::get<store::Outcome>(std::move(became));
        if (told.answer != nullptr) {
            outcome.kind = told.answer->kind;
            outcome.reason = told.answer->reason;
            if (!told.answer->commit.empty()) outcome.commit = told.answer->commit;
            outcome.detail_json = with_pull_request(outcome.detail_json, *told.answer);
        }
        end.ended.push_back({.item = std::move(work.item), .outcome = std::move(outcome)});
    }
    look.works.clear();
    return end;
}

}  // namespace linkspan::pipeline
