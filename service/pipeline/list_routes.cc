// Lists: deliveries, targets with their state, holds, audit records, images.
#include "service/pipeline/access.h"
#include "service/pipeline/handlers.h"
#include "service/pipeline/operator_json.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "service/store/audit.h"
#include "service/store/delivery_filter.h"
#include "service/store/holds.h"
#include "service/store/known_tags.h"
#include "service/store/outbox.h"
#include "service/store/policy_states.h"
#include "service/store/writes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <map>
#include <set>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDefaultPage = 50;
constexpr std::size_t kLargestPage = 500;

http::Response bad(std::string detail) { return http::problem(400, "Bad Request", detail); }

std::optional<std::int64_t> number(const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// State of one policy in one target, as the store has it.
struct PolicyState {
    std::size_t pending = 0;
    std::optional<store::EndedWork> last;
    std::optional<store::EndedWork> current;
};
using StateKey = std::pair<std::string, std::string>;  // target, full name of the policy

struct States {
    std::map<StateKey, PolicyState> policies;
    std::vector<store::Hold> holds;
};

Result<States> read_states(
    store::Store& store, const std::vector<StateKey>& keys, store::TimePoint now
) {
    States states;
    auto& source = store.policy_states();
    for (const auto& key : keys) {
        PolicyState& state = states.policies[key];
        LINKSPAN_TRY(pending, source.pending(key.first, key.second));
        state.pending = pending;
        LINKSPAN_TRY(last, source.last(key.first, key.second, false));
        state.last = std::move(last);
        LINKSPAN_TRY(current, source.last(key.first, key.second, true));
        state.current = std::move(current);
    }
    LINKSPAN_TRY(holds, store.holds().list(now));
    states.holds = std::move(holds);
    return states;
}

Json state_json(const States& states, const StateKey& key) {
    Json holds = Json::array();
    for (const auto& hold : states.holds) {
        if (hold.target == key.first && hold.policy == key.second) holds.push_back(hold_json(hold));
    }
    Json state{{"pending", 0}, {"current", nullptr}, {"last", nullptr}, {"holds", holds}};
    const auto found = states.policies.find(key);
    if (found == states.policies.end()) return state;
    const PolicyState& policy = found->second;
    state["pending"] = policy.pending;
    if (policy.last) {
        state["last"] = {
            {"delivery", policy.last->delivery},
            {"outcome", policy.last->outcome.kind},
            {"reason", policy.last->outcome.reason},
            {"commit",
             policy.last->outcome.commit ? Json(*policy.last->outcome.commit) : Json(nullptr)},
            {"at", rfc3339(policy.last->at)}};
    }
    if (policy.current) {
        const Json detail = Json::parse(policy.current->outcome.detail_json, nullptr, false);
        const Json decision =
            detail.is_object() ? detail.value("decision", Json::object()) : Json::object();
        if (decision.contains("selected") && decision["selected"].is_string()) {
            state["current"] = {{"tag", decision["selected"]}, {"at", rfc3339(policy.current->at)}};
        }
    }
    return state;
}

}  // namespace

std::variant<std::size_t, http::Response> page_limit(const http::Request& request) {
    const auto text = request.parameter("limit");
    if (!text) return kDefaultPage;
    const auto limit = number(*text);
    if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(kLargestPage)) {
        return bad(fmt::format("limit: a number from 1 to {}", kLargestPage));
    }
    return static_cast<std::size_t>(*limit);
}

asio::awaitable<http::Response> list_deliveries(Services services, http::Request request, Parts) {
    if (auto refused = refuse_reader(*services.pipeline.config(), request)) co_return *refused;
    const auto limit = page_limit(request);
    if (const auto* wrong = std::get_if<http::Response>(&limit)) co_return *wrong;
    store::DeliveryFilter filter{
        .receiver = request.parameter("receiver"),
        .target = request.parameter("target"),
        .image = request.parameter("image"),
        .outcome = request.parameter("outcome"),
        .state = request.parameter("state"),
        .since = std::nullopt,
        .until = std::nullopt};
    static const std::set<std::string> kStates{"pending", "waiting", "failed"};
    if (filter.state && !kStates.contains(*filter.state)) {
        co_return bad("state: pending, waiting or failed");
    }
    for (const auto& [name, to] :
         {std::pair{"since", &filter.since}, std::pair{"until", &filter.until}}) {
        const auto text = request.parameter(name);
        if (!text) continue;
        *to = read_time(*text);
        if (!*to) {
            co_return bad(fmt::format("{}: write a time like 2026-11-20T22:00:00Z", name));
        }
    }
    const auto after = request.parameter("after");
    std::function<Result<store::DeliveryPage>(store::Store&)> read =
        [after, filter, limit = std::get<std::size_t>(limit)](store::Store& store) {
            return store.deliveries(filter, after, limit, std::chrono::system_clock::now());
        };
    auto page = co_await in_store<store::DeliveryPage>(services.writer, std::move(read));
    if (page.has_error()) co_return problem_of(page.error());
    co_return json(deliveries_json(*page));
}

asio::awaitable<http::Response> list_targets(Services services, http::Request request, Parts) {
    const ConfigPtr config = services.pipeline.config();
    if (auto refused = refuse_reader(*config, request)) co_return *refused;
    std::vector<StateKey> keys;
    for (const auto& target : config->targets) {
        for (const auto& name : target.policies) {
            if (const auto* policy = config->policy(name)) {
                keys.emplace_back(target.name, policy->full_name());
            }
        }
    }
    std::function<Result<States>(store::Store&)> read = [keys](store::Store& store) {
        return read_states(store, keys, std::chrono::system_clock::now());
    };
    auto states = co_await in_store<States>(services.writer, std::move(read));
    if (states.has_error()) co_return problem_of(states.error());
    Json targets = Json::array();
    for (const auto& target : config->targets) {
        Json policies = Json::array();
        for (const auto& name : target.policies) {
            const auto* policy = config->policy(name);
            if (policy == nullptr) continue;
            policies.push_back(
                {{"name", policy->full_name()},
                 {"image", policy->image.str()},
                 {"state", state_json(*states, {target.name, policy->full_name()})}}
            );
        }
        const auto* repository = config->repository(target.repository);
        targets.push_back({
            {"name", target.name},
            {"repository", target.repository},
            {"branch", repository != nullptr ? repository->branch : ""},
            {"paths", target.paths},
            {"policies", std::move(policies)},
        });
    }
    co_return json(
        Json{{"targets", std::move(targets)}}.dump(-1, ' ', false, Json::error_handler_t::replace)
    );
}

asio::awaitable<http::Response> list_holds(Services services, http::Request request, Parts) {
    if (auto refused = refuse_reader(*services.pipeline.config(), request)) co_return *refused;
    std::function<Result<std::vector<store::Hold>>(store::Store&)> read = [](store::Store& store) {
        return store.holds().list(std::chrono::system_clock::now());
    };
    auto holds = co_await in_store<std::vector<store::Hold>>(services.writer, std::move(read));
    if (holds.has_error()) co_return problem_of(holds.error());
    const auto target = request.parameter("target");
    const auto policy = request.parameter("policy");
    Json list = Json::array();
    for (const auto& hold : *holds) {
        if (target && hold.target != *target) continue;
        if (policy && hold.policy != *policy) continue;
        list.push_back(hold_json(hold));
    }
    std::function<Result<std::vector<store::Write>>(store::Store&)> read_undone =
        [](store::Store& store) { return store.writes().undone(); };
    auto undone =
        co_await in_store<std::vector<store::Write>>(services.writer, std::move(read_undone));
    if (undone.has_error()) co_return problem_of(undone.error());
    Json places = Json::array();
    for (const auto& one : *undone) {
        if (target && one.target != *target) continue;
        if (policy && one.policy != *policy) continue;
        places.push_back(
            {{"target", one.target},
             {"policy", one.policy},
             {"path", one.path},
             {"place", one.place},
             {"tag", one.new_tag},
             {"digest", one.new_digest ? Json(*one.new_digest) : Json(nullptr)},
             {"commit", one.commit},
             {"why", *one.undone}}
        );
    }
    co_return json(Json{{"holds", std::move(list)}, {"places", std::move(places)}}.dump(
        -1, ' ', false, Json::error_handler_t::replace
    ));
}

asio::awaitable<http::Response> list_audit(Services services, http::Request request, Parts) {
    if (auto refused = refuse_reader(*services.pipeline.config(), request)) co_return *refused;
    const auto given = page_limit(request);
    if (const auto* wrong = std::get_if<http::Response>(&given)) co_return *wrong;
    const auto limit = std::get<std::size_t>(given);
    std::optional<std::int64_t> after;
    if (const auto text = request.parameter("after")) {
        after = number(*text);
        if (!after) co_return bad("after: the \"next\" of the page before");
    }
    const auto subject = request.parameter("subject");
    using Entries = std::vector<store::AuditEntry>;
    std::function<Result<Entries>(store::Store&)> read = [after, subject, limit](store::Store& store
                                                         ) {
        return subject ? store.audit().list(*subject, after, limit)
                       : store.audit().list(after, limit);
    };
    auto entries = co_await in_store<Entries>(services.writer, std::move(read));
    if (entries.has_error()) co_return problem_of(entries.error());
    Json list = Json::array();
    for (const auto& entry : *entries) {
        list.push_back(
            {{"id", entry.id},
             {"at", rfc3339(entry.at)},
             {"who", entry.who},
             {"action", entry.action},
             {"subject", entry.subject},
             {"why", entry.why}}
        );
    }
    Json out{{"audit", std::move(list)}, {"next", nullptr}};
    if (entries->size() == limit) out["next"] = std::to_string(entries->back().id);
    co_return json(out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

asio::awaitable<http::Response> list_images(Services services, http::Request request, Parts) {
    const ConfigPtr config = services.pipeline.config();
    if (auto refused = refuse_reader(*config, request)) co_return *refused;
    std::map<std::string, image::ImageName> names;
    for (const auto& policy : config->policies) names.emplace(policy.image.str(), policy.image);
    struct Known {
        std::string image;
        std::optional<store::ListingState> listing;
        std::optional<std::string> newest;
    };
    std::function<Result<std::vector<Known>>(store::Store&)> read =
        [names](store::Store& store) -> Result<std::vector<Known>> {
        std::vector<Known> all;
        for (const auto& [text, name] : names) {
            LINKSPAN_TRY(listing, store.known_tags().listing_state(name));
            LINKSPAN_TRY(newest, store.policy_states().newest_tag(name));
            all.push_back({.image = text, .listing = listing, .newest = newest});
        }
        return all;
    };
    auto images = co_await in_store<std::vector<Known>>(services.writer, std::move(read));
    if (images.has_error()) co_return problem_of(images.error());
    Json list = Json::array();
    for (const auto& one : *images) {
        Json item{
            {"image", one.image},
            {"newest_tag", one.newest ? Json(*one.newest) : Json(nullptr)},
            {"listing", nullptr}};
        if (one.listing) {
            item["listing"] = {
                {"at", rfc3339(one.listing->at)},
                {"tags", one.listing->tags},
                {"complete", one.listing->complete}};
        }
        list.push_back(std::move(item));
    }
    co_return json(Json{{"images", std::move(list)}}.dump());
}

asio::awaitable<http::Response> list_notifications(
    Services services, http::Request request, Parts
) {
    if (auto refused = refuse_reader(*services.pipeline.config(), request)) co_return *refused;
    const auto given = page_limit(request);
    if (const auto* wrong = std::get_if<http::Response>(&given)) co_return *wrong;
    const auto limit = std::get<std::size_t>(given);
    std::optional<std::int64_t> after;
    if (const auto text = request.parameter("after")) {
        after = number(*text);
        if (!after) co_return bad("after: the \"next\" of the page before");
    }
    const auto state = request.parameter("state");
    if (state && *state != "pending" && *state != "delivered" && *state != "dead") {
        co_return http::problem(
            400, "Bad Request", "state: \"pending\", \"delivered\" or \"dead\""
        );
    }
    std::function<Result<std::vector<store::OutboxMessage>>(store::Store&)> read =
        [state, after, limit](store::Store& store) {
            return store.outbox().list(state, after, limit);
        };
    auto page =
        co_await in_store<std::vector<store::OutboxMessage>>(services.writer, std::move(read));
    if (page.has_error()) {
        co_return http::problem(503, "Service Unavailable", page.error().message);
    }
    co_return json(notifications_json(*page, limit));
}

}  // namespace linkspan::pipeline
