// The pipeline's share in events: from what was recorded to work that was decided and is handed to
// whoever delivers for its target.
#include "service/pipeline/branch_worker.h"
#include "service/pipeline/directive.h"
#include "service/pipeline/outcomes.h"
#include "service/pipeline/pipeline.h"
#include "service/pipeline/poller.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/target_scope.h"

#include <boost/asio/as_tuple.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

// While a pushed tag is not there yet: short, since Distribution writes it within milliseconds.
constexpr std::chrono::milliseconds kNotYetPause{150};
// What one repository may take to say by which rules, while work for others waits too.
constexpr std::chrono::seconds kRulesMoment{2};

}  // namespace

asio::awaitable<void> Pipeline::process_event(std::vector<store::WorkItem> items) {
    const image::ImageEvent event = items.front().event;
    const ConfigPtr config = config_;

    // What a config change took away while the work waited is refused, and the rest goes on.
    std::vector<store::WorkItem> live;
    std::vector<store::WorkItem> gone;
    for (auto& item : items) {
        const auto* target = config->target(item.target);
        const bool known = target != nullptr && config->policy(item.policy) != nullptr &&
                           config->repository(target->repository) != nullptr;
        (known ? live : gone).push_back(std::move(item));
    }
    auto not_configured =
        outcome_of("refused", "the target or the policy is no longer in the configuration");
    co_await settle_all(std::move(gone), std::move(not_configured));
    const auto rules = co_await rules_of(config, live);
    if (stopping_) co_return;
    std::vector<Question> questions;
    for (const auto& item : live) {
        const auto* target = config->target(item.target);
        const auto* policy = config->policy(item.policy);
        const auto narrowed = rules.find(target->repository);
        Question question{
            .policy = narrowed == rules.end() ? *policy : narrowed->second->of(*policy),
            .schedule = target->schedule};
        if (target->deliver == config::Deliver::PullRequest) {
            // Proposing changes nothing: a target's windows are for merging then.
            question.schedule = {};
            if (target->pull_request.draft_while_soaking) {
                question.draft_soak = std::exchange(question.policy.soak, {});
            }
        }
        questions.push_back(std::move(question));
    }
    DecidedEvent decided;
    while (!live.empty()) {
        const Patience patience{
            .insist = Clock::now() >= live.front().since + config->retry.missing_tag,
            .missing_signature = config->retry.missing_signature};
        const auto began = std::chrono::steady_clock::now();
        auto answer = co_await decider_.decide(event, questions, patience);
        metrics_.step("confirm", std::chrono::steady_clock::now() - began);
        if (stopping_) co_return;
        if (answer.has_error()) {
            std::string step = "confirm";
            Error error = answer.error();
            const auto before = live;
            if (!co_await retry_later(live, std::move(step), std::move(error))) co_return;
            // Those that were given up on took their questions along.
            std::vector<Question> left;
            for (std::size_t i = 0; i < before.size(); ++i) {
                const bool kept = std::any_of(live.begin(), live.end(), [&](const auto& item) {
                    return item.id == before[i].id;
                });
                if (kept) left.push_back(std::move(questions[i]));
            }
            questions = std::move(left);
            continue;
        }
        if (!answer->not_yet) {
            decided = std::move(*answer);
            break;
        }
        if (patience.insist) {
            auto outcome = outcome_of(
                "refused",
                answer->not_yet->what +
                    "; push the image again, or look for a typing error in the tag"
            );
            co_await settle_all(std::move(live), std::move(outcome));
            co_return;
        }
        if (!co_await pause(kNotYetPause)) co_return;
    }
    co_await await_soaks(event.image, live, decided);
    std::vector<Undecided> undecided;
    for (std::size_t i = 0; i < live.size(); ++i) {
        const auto* target = config->target(live[i].target);
        if (decided.policies[i].has_error()) {
            undecided.push_back({std::move(live[i]), decided.policies[i].error()});
            continue;
        }
        auto& mine = *decided.policies[i];
        std::string fingerprint;
        if (const auto narrowed = rules.find(target->repository); narrowed != rules.end()) {
            fingerprint = narrowed->second->fingerprint;
            auto notes = narrowed->second->notes();
            std::move(notes.begin(), notes.end(), std::back_inserter(mine.notes));
        }
        WaitingWork waiting{
            .item = live[i],
            .bid =
                {.target = target->name,
                 .policy = questions[i].policy,
                 .scope = scope_of(*config, *target),
                 .selection = std::move(mine.selection),
                 .resolved = std::move(mine.resolved),
                 .cause =
                     {.delivery = live[i].delivery, .event = event, .target = {}, .policy = {}},
                 .gate = mine.gates.verdict},
            .notes = std::move(mine.notes),
            .gates = std::move(mine.gates.gates),
            .batch = target->batch,
            .rules = std::move(fingerprint),
        };
        // What stands before a change does not wait for company.
        if (waiting.bid.is_stopped()) waiting.batch = {};
        if (const auto soak = questions[i].draft_soak; soak.count() > 0 && mine.first_seen) {
            policy::GateLine line{
                .gate = "soak",
                .outcome = policy::GateLine::Outcome::Passed,
                .reason = "soaks as a draft",
                .until = *mine.first_seen + soak};
            waiting.gates.push_back(std::move(line));
        }
        hand_over(*target, std::move(waiting));
    }
    try_again(std::move(undecided));
}

asio::awaitable<void> Pipeline::await_soaks(
    image::ImageName image, const std::vector<store::WorkItem>& items, const DecidedEvent& decided
) {
    std::vector<Poller::Soaking> soaking;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const auto& answer = decided.policies[i];
        if (answer.has_error() || !answer->soaking) continue;
        soaking.push_back(
            {.tag = *answer->soaking,
             .work = {.target = items[i].target, .policy = items[i].policy}}
        );
    }
    if (!soaking.empty()) co_await poller_->await_soaks(std::move(image), std::move(soaking));
}

void Pipeline::try_again(std::vector<Undecided> undecided) {
    // The same trouble, together: one more question to the registry for all of them.
    std::map<std::pair<Errc, std::string>, std::vector<Undecided>> troubles;
    for (auto& one : undecided) {
        troubles[{one.error.kind, one.error.message}].push_back(std::move(one));
    }
    for (auto& [trouble, all] : troubles) {
        std::vector<store::WorkItem> items;
        for (auto& one : all) items.push_back(std::move(one.item));
        retry(std::move(items), "confirm", all.front().error);
    }
}

// What is asked of several repositories at once, and who waits for the answers.
struct Pipeline::RulesLooks {
    explicit RulesLooks(const asio::any_io_executor& executor) : done{executor} {}
    std::size_t wanted = 0;
    std::map<std::string, Result<RepositoryRulesPtr>> answers;
    asio::steady_timer done;
};

asio::awaitable<void> Pipeline::look_at_rules(
    std::string repository, std::shared_ptr<RulesLooks> looks
) {
    auto rules = co_await worker(repository).rules();
    looks->answers.emplace(repository, std::move(rules));
    if (looks->answers.size() == looks->wanted) looks->done.cancel();
}

asio::awaitable<std::map<std::string, RepositoryRulesPtr>> Pipeline::rules_of(
    ConfigPtr config, std::vector<store::WorkItem>& live
) {
    std::map<std::string, RepositoryRulesPtr> rules;
    const auto name_of = [&](const store::WorkItem& item) {
        return config->target(item.target)->repository;
    };
    std::set<std::string> asked;
    std::set<std::string> all;
    for (const auto& item : live) {
        const std::string name = name_of(item);
        all.insert(name);
        if (config->repository(name)->repository_policies) asked.insert(name);
    }
    if (asked.empty()) co_return rules;
    auto looks = std::make_shared<RulesLooks>(executor_);
    looks->wanted = asked.size();
    if (all.size() == 1) {
        co_await look_at_rules(*asked.begin(), looks);
    } else {
        looks->done.expires_after(kRulesMoment);
        for (const auto& name : asked) spawn(look_at_rules(name, looks));
        if (looks->answers.size() < looks->wanted) {
            co_await looks->done.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }
    if (stopping_) co_return rules;
    // Whose repository does not answer waits by itself; the others go on.
    for (const auto& name : asked) {
        const auto answer = looks->answers.find(name);
        const bool answered = answer != looks->answers.end();
        const bool known = answered && answer->second.has_value();
        if (known && (*answer->second)->config == config) {
            rules.emplace(name, *answer->second);
            continue;
        }
        std::vector<store::WorkItem> mine;
        std::vector<store::WorkItem> others;
        for (auto& item : live) {
            (name_of(item) == name ? mine : others).push_back(std::move(item));
        }
        live = std::move(others);
        if (!answered || known) {  // late, or for a configuration that came meanwhile
            spawn(process_event_guarded(std::move(mine)));
        } else {
            auto error = for_now(name, answer->second.error().within(name));
            retry(std::move(mine), "policies", std::move(error));
        }
    }
    co_return rules;
}

asio::awaitable<void> Pipeline::process_directive(std::vector<store::WorkItem> items) {
    const image::ImageEvent event = items.front().event;
    const ConfigPtr config = config_;
    const auto directive = Directive::parse(*items.front().directive);
    const auto* target = config->target(items.front().target);
    const auto* policy = config->policy(items.front().policy);
    std::optional<std::string> refusal;
    if (directive.has_error()) {
        refusal = directive.error().message;
    } else if (target == nullptr || policy == nullptr) {
        refusal = "the target or the policy is no longer in the configuration";
    }
    // What was in Git before counts, where it had a digest: the tag may have moved since. Else the
    // digest that goes with the tag, as the registry has it now.
    std::optional<image::Digest> resolved;
    if (event.digest) {
        auto digest = image::Digest::parse(*event.digest);
        if (digest.has_value()) resolved = std::move(*digest);
    }
    const std::string reference = resolved ? resolved->str() : event.tag.str();
    while (!refusal) {
        auto work = [event, reference](registry::Client& registry) {
            return registry.resolve(event.image, reference);
        };
        auto answer = co_await clients_.ask(event.image.host(), std::move(work));
        if (stopping_) co_return;
        if (answer.has_value()) {
            resolved = answer->digest;
            break;
        }
        if (answer.error().kind == Errc::NotFound) {
            refusal =
                resolved
                    ? fmt::format("{}@{} is not in the registry", event.image.str(), reference)
                    : fmt::format("{}:{} is not in the registry", event.image.str(), reference);
            break;
        }
        std::string step = "confirm";
        Error error = answer.error();
        if (!co_await retry_later(items, std::move(step), std::move(error))) co_return;
    }
    if (refusal) {
        // What is not left needs no hold.
        if (directive.has_value() && directive->hold != 0) {
            std::function<Status(store::Store&)> clear =
                [hold = directive->hold](store::Store& store) -> Status {
                auto cleared = store.holds().clear(hold);
                return cleared.has_error() ? Status{cleared.error()} : Status{};
            };
            auto cleared = co_await in_store_status(writer_, std::move(clear));
            if (cleared.has_error()) spdlog::error("{}", cleared.error().message);
        }
        auto outcome = outcome_of("refused", *refusal);
        co_await settle_all(std::move(items), std::move(outcome));
        co_return;
    }
    policy::Explanation selection;
    selection.selected = event.tag.str();
    selection.candidates = {event.tag.str()};
    selection.passed = 1;
    selection.considered = 1;
    selection.why = fmt::format("{} asked for it: {}", directive->who, directive->why);
    for (auto& item : items) {
        plan::Cause cause{.delivery = item.delivery, .event = event, .target = {}, .policy = {}};
        WaitingWork waiting{
            .item = std::move(item),
            .bid =
                {.target = target->name,
                 .policy = *policy,
                 .scope = scope_of(*config, *target),
                 .selection = selection,
                 .resolved = resolved,
                 .cause = std::move(cause),
                 .asked_for = true},
            .notes = {},
            .gates = {},
        };
        hand_over(*target, std::move(waiting));
    }
}

}  // namespace linkspan::pipeline
