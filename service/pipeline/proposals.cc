#include "service/pipeline/proposals.h"

#include "service/pipeline/hold_reader.h"
#include "service/pipeline/target_scope.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_live(const store::PullRequest& row) {
    return row.state == "open" || row.state == "waiting";
}

std::string sentence_of(const std::vector<policy::GateLine>& gates, std::string_view gate) {
    for (const auto& line : gates) {
        if (line.gate == gate && line.outcome == policy::GateLine::Outcome::Passed) {
            return line.reason;
        }
    }
    return {};
}

// The soak that goes on while the pull request is a draft.
std::optional<store::TimePoint> soak_of(const std::vector<policy::GateLine>& gates) {
    for (const auto& line : gates) {
        if (line.gate == "soak" && line.until) return line.until;
    }
    return std::nullopt;
}

// What the plan has for a policy.
std::optional<std::string> proposed_tag(const plan::EditPlan& plan, const std::string& policy) {
    for (const auto& change : plan.changes) {
        if (change.policy == policy) return change.new_tag;
    }
    return std::nullopt;
}

// Of newer tags that a policy's rules drop, so many are worth telling.
constexpr std::size_t kMostAbove = 3;

const store::PullRequestImage* fact_of(
    const plan::CarriedImage& image, const std::vector<store::PullRequestImage>& facts
) {
    const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) {
        return fact.image == image.image && fact.policy == image.policy && fact.tag == image.tag;
    });
    return found == facts.end() ? nullptr : &*found;
}

}  // namespace

Candidate candidate_of(const WaitingWork& work, std::size_t index) {
    const auto& bid = work.bid;
    const auto& event = bid.cause.event;
    const std::string tag = bid.selection.selected.value_or(event.tag.str());
    store::PullRequestImage fact{
        .image = bid.policy.image.str(),
        .policy = bid.policy.full_name(),
        .tag = tag,
        .digest = bid.resolved ? bid.resolved->str() : std::string{},
        .why = bid.selection.why,
        .delivery = bid.cause.delivery};
    // Another tag than the one that was pushed: nobody told who built it.
    if (event.tag.str() == tag) {
        fact.pushed_at = event.pushed_at;
        fact.revision = event.revision;
        fact.source = event.source;
        fact.build_url = event.build_url;
        fact.actor = event.actor;
    }
    fact.signed_by = sentence_of(work.gates, "signature");
    fact.soaks_until = soak_of(work.gates);
    if (bid.asked_for) fact.asked_for = bid.selection.why;
    return {.bid = bid, .fact = std::move(fact), .work = index};
}

std::optional<Candidate> candidate_of(
    const config::Config& config, const config::Target& target, const store::PullRequestImage& image
) {
    const auto* policy = config.policy(image.policy);
    const bool followed =
        policy != nullptr &&
        std::any_of(target.policies.begin(), target.policies.end(), [&](const auto& name) {
            return config.policy(name) == policy;
        });
    if (!followed || policy->image.str() != image.image) return std::nullopt;
    auto tag = image::Tag::parse(image.tag);
    if (tag.has_error()) return std::nullopt;
    policy::Explanation selection;
    selection.selected = image.tag;
    selection.candidates = {image.tag};
    selection.passed = 1;
    selection.considered = 1;
    selection.why = image.why;
    plan::Bid bid{
        .target = target.name,
        .policy = *policy,
        .scope = scope_of(config, target),
        .selection = std::move(selection),
        .resolved = std::nullopt,
        .cause =
            {.delivery = image.delivery,
             .event =
                 {.image = policy->image,
                  .tag = std::move(*tag),
                  .digest = std::nullopt,
                  .media_type = std::nullopt,
                  .pushed_at = image.pushed_at,
                  .revision = image.revision,
                  .source = image.source,
                  .build_url = image.build_url,
                  .actor = image.actor},
             .target = {},
             .policy = {}},
        .asked_for = !image.asked_for.empty()};
    if (!image.digest.empty()) {
        bid.cause.event.digest = image.digest;
        if (auto digest = image::Digest::parse(image.digest); digest.has_value()) {
            bid.resolved = std::move(*digest);
        }
    }
    return Candidate{.bid = std::move(bid), .fact = image, .work = std::nullopt};
}

std::vector<Candidate> candidates_of(
    const config::Config& config,
    const config::Target& target,
    const std::vector<WaitingWork>& works,
    const std::vector<store::PullRequest>& rows
) {
    std::vector<Candidate> candidates;
    // Whoever asks for what is proposed already, or asked for too, does not change who is named for
    // it: a pull request is written anew only when there is something new in it.
    const auto same = [](const store::PullRequestImage& a, const store::PullRequestImage& b) {
        return a.image == b.image && a.policy == b.policy && a.tag == b.tag &&
               (a.digest == b.digest || b.digest.empty());
    };
    for (std::size_t i = 0; i < works.size(); ++i) {
        Candidate one = candidate_of(works[i], i);
        std::optional<Candidate> before;
        for (const auto& row : rows) {
            if (!is_live(row)) continue;
            for (const auto& image : row.images) {
                if (same(one.fact, image)) before = candidate_of(config, target, image);
            }
        }
        for (const auto& other : candidates) {
            if (!before && same(one.fact, other.fact)) before = other;
        }
        if (before) {
            one.bid.cause = before->bid.cause;
            before->fact.soaks_until = one.fact.soaks_until;
            before->fact.signed_by = one.fact.signed_by;
            one.fact = before->fact;
        }
        candidates.push_back(std::move(one));
    }
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    for (const auto& row : rows) {
        if (!is_live(row) && !row.nudged_at) continue;
        for (const auto& image : row.images) {
            if (!seen.emplace(image.policy, image.tag, image.digest).second) continue;
            if (auto one = candidate_of(config, target, image)) {
                candidates.push_back(std::move(*one));
            }
        }
    }
    return candidates;
}

std::vector<plan::CarriedImage> apply_holds(
    std::vector<Candidate>& candidates, const std::vector<store::Hold>& holds
) {
    std::vector<plan::CarriedImage> ignored;
    for (auto& one : candidates) one.bid.holds.clear();
    for (const auto& hold : holds) {
        for (auto& one : candidates) {
            if (hold.target != one.bid.target || hold.policy != one.fact.policy) continue;
            if (hold.pull_request == 0) {
                one.bid.holds.push_back(
                    {.tag = hold.tag,
                     .digest = hold.digest,
                     .who = hold.who,
                     .why = hold.why,
                     .until = hold.until}
                );
                continue;
            }
            plan::CarriedImage image{
                .image = one.fact.image,
                .policy = hold.policy,
                .tag = hold.tag.value_or(""),
                .digest = hold.digest.value_or("")};
            if (std::find(ignored.begin(), ignored.end(), image) == ignored.end()) {
                ignored.push_back(std::move(image));
            }
        }
    }
    return ignored;
}

std::vector<Candidate> take_held(std::vector<Candidate>& candidates) {
    const auto proposed = [&candidates](const std::string& policy) {
        return std::any_of(candidates.begin(), candidates.end(), [&](const auto& one) {
            return !one.work && one.fact.policy == policy &&
                   !policy::held_by(one.bid.holds, one.fact.tag, one.bid.resolved);
        });
    };
    std::vector<Candidate> held;
    std::vector<Candidate> rest;
    for (auto& one : candidates) {
        const bool answered = one.work && !one.bid.asked_for &&
                              policy::held_by(one.bid.holds, one.fact.tag, one.bid.resolved) &&
                              proposed(one.fact.policy);
        (answered ? held : rest).push_back(std::move(one));
    }
    candidates = std::move(rest);
    return held;
}

void drop_superseded(std::vector<Candidate>& candidates) {
    std::set<std::string> asked;  // policies
    for (const auto& one : candidates) {
        // What a gate stops changes nothing yet.
        if (one.work && !one.bid.is_stopped()) asked.insert(one.fact.policy);
    }
    std::erase_if(candidates, [&](const auto& one) {
        return !one.work && asked.contains(one.fact.policy);
    });
}

Gone why_gone(
    const store::PullRequest& row,
    const std::vector<Candidate>& candidates,
    const std::vector<plan::BidAnswer>& answers
) {
    Gone gone{"already_current", "The base branch has these images already."};
    bool any = false;
    for (const auto& image : row.images) {
        for (std::size_t i = 0; i < candidates.size() && i < answers.size(); ++i) {
            if (candidates[i].fact.policy != image.policy) continue;
            any = true;
            const auto& verdict = answers[i].decision.verdict;
            if (const auto* held = std::get_if<policy::Held>(&verdict)) {
                return {"held", held_reason(*held) + "."};
            }
            if (const auto* refused = std::get_if<policy::Refused>(&verdict)) {
                return {"refused", refused->reason + "."};
            }
        }
    }
    if (!any && !row.images.empty()) {
        return {"refused", "The configuration has nothing to do with these images any more."};
    }
    return gone;
}

std::map<std::string, GroupLook> groups_of(
    std::vector<plan::GroupPlan> parts, const std::vector<store::PullRequest>& rows
) {
    std::map<std::string, GroupLook> groups;
    for (const auto& row : rows) groups[row.group].row = row;
    for (auto& part : parts) groups[part.name].plan = std::move(part.plan);
    // What has ended, and nobody spoke of, is looked at only when there is something new for it.
    std::erase_if(groups, [](const auto& entry) {
        const auto& [name, look] = entry;
        return look.plan.empty() && !is_live(*look.row) && !look.row->nudged_at;
    });
    return groups;
}

std::uint64_t look_print(const plan::EditPlan& plan) {
    std::string text = plan.base;
    for (const auto& one : plan.changes) {
        text += fmt::format(
            "\n{}\n{}\n{}\n{}\n{}\n{}",
            one.policy,
            one.path,
            one.document,
            one.where,
            one.new_tag,
            one.new_digest.value_or("")
        );
    }
    return plan::fingerprint(text);
}

bool may_rest(
    const GroupLook& look,
    const std::vector<Candidate>& candidates,
    std::optional<std::uint64_t> last_print,
    store::TimePoint now
) {
    const auto& row = look.row;
    if (!row || row->state != "open" || row->nudged_at || look.plan.empty()) return false;
    if (!row->look_at || *row->look_at <= now || last_print != look_print(look.plan)) return false;
    return std::none_of(candidates.begin(), candidates.end(), [&](const auto& one) {
        return one.work && proposed_tag(look.plan, one.fact.policy).has_value();
    });
}

plan::Proposal proposal_of(
    const std::string& target,
    const std::string& group,
    plan::EditPlan plan,
    const std::vector<Candidate>& candidates,
    const std::vector<plan::BidAnswer>& answers,
    store::TimePoint now
) {
    plan::Proposal proposal{.target = target, .group = group};
    std::set<std::string> policies;
    for (const auto& change : plan.changes) policies.insert(change.policy);
    const auto add = [](std::vector<std::string>& list, const std::string& text) {
        if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) {
            list.push_back(text);
        }
    };
    for (std::size_t i = 0; i < candidates.size() && i < answers.size(); ++i) {
        const auto& fact = candidates[i].fact;
        if (!policies.contains(fact.policy)) continue;
        for (const auto& text : answers[i].refusals) add(proposal.refused, text);
        for (const auto& text : answers[i].held) add(proposal.held, text);
        if (answers[i].changes.empty()) continue;
        if (!fact.signed_by.empty()) {
            add(proposal.verified, fmt::format("{}:{}: {}", fact.image, fact.tag, fact.signed_by));
        }
        if (fact.soaks_until && *fact.soaks_until > now &&
            (!proposal.soaks_until || *proposal.soaks_until < *fact.soaks_until)) {
            proposal.soaks_until = fact.soaks_until;
        }
        if (!fact.asked_for.empty()) {
            proposal.rollback = true;
            proposal.reason = fact.asked_for;
        }
    }
    for (auto& change : plan.changes) {
        for (const auto& candidate : candidates) {
            const auto& fact = candidate.fact;
            const bool its = fact.policy == change.policy && fact.tag == change.new_tag;
            if (its && !fact.why.empty()) change.why = fact.why;
        }
    }
    proposal.plan = std::move(plan);
    return proposal;
}

std::vector<plan::RefusedTag> refused_tags_of(
    const plan::EditPlan& plan,
    const std::vector<Candidate>& candidates,
    const std::vector<plan::BidAnswer>& answers
) {
    std::vector<plan::RefusedTag> refused;
    for (std::size_t i = 0; i < candidates.size() && i < answers.size(); ++i) {
        const auto& [bid, fact, work] = candidates[i];
        const auto tag = proposed_tag(plan, fact.policy);
        if (!work || !tag) continue;
        plan::RefusedTag one{.image = fact.image, .policy = fact.policy};
        if (bid.is_stopped()) {
            const auto* why = std::get_if<policy::Refused>(&answers[i].decision.verdict);
            one.tag = fact.tag;
            one.by_gate = true;
            if (why == nullptr || !is_newer(one, plan, candidates)) continue;
            one.reason = why->reason;
            refused.push_back(std::move(one));
        } else if (!bid.asked_for && fact.tag == *tag) {
            for (auto& above :
                 policy::rejected_above(bid.policy, bid.selection.rejected, *tag, kMostAbove)) {
                one.tag = std::move(above.tag);
                one.reason = std::move(above.reason);
                refused.push_back(one);
            }
        }
    }
    return refused;
}

bool is_newer(
    const plan::RefusedTag& refused,
    const plan::EditPlan& plan,
    const std::vector<Candidate>& candidates
) {
    const auto tag = proposed_tag(plan, refused.policy);
    if (!tag || *tag == refused.tag) return false;
    for (const auto& one : candidates) {
        if (one.fact.policy != refused.policy) continue;
        const auto order = policy::compare(one.bid.policy, refused.tag, *tag);
        return order && *order > 0;
    }
    return false;
}

std::vector<plan::WantedStatus> statuses_of(
    const plan::EditPlan& plan,
    const std::vector<store::PullRequestImage>& facts,
    store::TimePoint now
) {
    bool soaks = false;
    bool checked = false;
    std::optional<store::TimePoint> until;
    std::size_t signatures = 0;
    for (const auto& image : plan::carried(plan)) {
        const auto* fact = fact_of(image, facts);
        if (fact == nullptr) continue;
        if (fact->soaks_until) {
            soaks = true;
            if (*fact->soaks_until > now && (!until || *until < *fact->soaks_until)) {
                until = fact->soaks_until;
            }
        }
        if (!fact->signed_by.empty()) {
            checked = true;
            ++signatures;
        }
    }
    std::vector<plan::WantedStatus> statuses;
    if (soaks) {
        statuses.push_back(
            {.context = "linkspan/soak",
             .state = until ? "pending" : "success",
             .description = until ? fmt::format(
                                        "soaks until {:%Y-%m-%d %H:%M} UTC",
                                        fmt::gmtime(std::chrono::system_clock::to_time_t(*until))
                                    )
                                  : std::string{"the images have soaked"}}
        );
    }
    if (checked) {
        statuses.push_back(
            {.context = "linkspan/signature",
             .state = "success",
             .description = fmt::format(
                 "{} {} signed", signatures, signatures == 1 ? "image is" : "images are"
             )}
        );
    }
    return statuses;
}

std::string write_wish(const RebuildWish& wish) {
    return dump(Json{{"id", wish.id}, {"user", wish.user}, {"label", wish.label}});
}

std::optional<RebuildWish> read_wish(const std::string& text) {
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    RebuildWish wish;
    try {
        wish.id = json.value("id", "");
        wish.user = json.value("user", "");
        wish.label = json.value("label", "");
    } catch (const Json::exception&) {
        return std::nullopt;
    }
    return wish;
}

std::string write_origins(const std::map<std::string, plan::ImageOrigin>& origins) {
    Json json = Json::object();
    for (const auto& [name, one] : origins) json[name] = {one.revision, one.source, one.created};
    return dump(json);
}

std::map<std::string, plan::ImageOrigin> read_origins(const std::string& text) {
    std::map<std::string, plan::ImageOrigin> origins;
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return origins;
    for (const auto& [name, one] : json.items()) {
        if (!one.is_array() || one.size() != 3) continue;
        const auto text_at = [&one](std::size_t i) {
            return one[i].is_string() ? one[i].get<std::string>() : std::string{};
        };
        origins[name] = {.revision = text_at(0), .source = text_at(1), .created = text_at(2)};
    }
    return origins;
}

}  // namespace linkspan::pipeline
