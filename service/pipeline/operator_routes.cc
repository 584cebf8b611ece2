// Actions: hold, resume, rollback, replay, and sending a notification again.
#include "config/units.h"
#include "service/pipeline/access.h"
#include "service/pipeline/handlers.h"
#include "service/pipeline/operator.h"
#include "service/pipeline/operator_json.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::system_clock;

constexpr std::size_t kLongestKey = 256;

// A caller who may act, what they say, and on what.
struct Action {
    Actor actor;
    ActionBody body;
    std::string target;
    std::string policy;  // full name
    const config::Operator* who = nullptr;
};

Actor actor_of(const config::Operator& who, const http::Request& request, std::string why) {
    const auto key = request.header("Idempotency-Key");
    return {
        .who = who.name,
        .why = std::move(why),
        .remote_address = request.remote_address,
        .key = key ? std::string{key->substr(0, kLongestKey)} : std::string{}};
}

// `configured`: target and policy have to be in the configuration. (What is held may be resumed
// after it left.)
std::variant<Action, http::Response> read_policy_action(
    const config::Config& config,
    const http::Request& request,
    const Parts& parts,
    std::initializer_list<std::string_view> keys,
    bool configured
) {
    const auto who = acting_operator(config, request);
    if (const auto* refused = std::get_if<http::Response>(&who)) return *refused;
    const auto& caller = *std::get<const config::Operator*>(who);
    Action action{
        .actor = {}, .body = {}, .target = parts.at(0), .policy = parts.at(1), .who = &caller};
    if (!may_act_on(caller, action.target)) {
        return http::problem(
            403,
            "Forbidden",
            fmt::format(
                "{} may not act on this target; see \"targets\" of the operator", caller.name
            )
        );
    }
    const auto* target = config.target(action.target);
    const auto* policy = config.policy(action.policy);
    const bool theirs =
        target != nullptr && policy != nullptr &&
        std::any_of(target->policies.begin(), target->policies.end(), [&](const auto& name) {
            return config.policy(name) == policy;
        });
    if (policy != nullptr && theirs) action.policy = policy->full_name();
    if (!theirs && configured) {
        return http::problem(
            404,
            "Not Found",
            target == nullptr ? "there is no such target; GET /v1/targets lists them"
                              : "the target has no such policy; GET /v1/targets lists them"
        );
    }
    auto body = read_action(request.body, keys);
    if (body.has_error()) return problem_of(body.error());
    action.body = std::move(*body);
    action.actor = actor_of(caller, request, action.body.reason);
    return action;
}

Json accepted(const store::Recorded& recorded) { return Json::parse(recorded.answer_body); }

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A time, or how long from now on.
std::optional<store::TimePoint> read_until(const std::string& text, store::TimePoint now) {
    if (const auto time = read_time(text)) return time;
    const auto duration = config::parse_duration(text);
    if (duration.has_error() || duration->count() == 0) return std::nullopt;
    return now + *duration;
}

}  // namespace

http::Response json(std::string body, unsigned status) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

http::Response problem_of(const Error& error) {
    switch (error.kind) {
        case Errc::InvalidInput:
            return http::problem(400, "Bad Request", error.message);
        case Errc::NotFound:
            return http::problem(404, "Not Found", error.message);
        case Errc::Conflict:
            return http::problem(409, "Conflict", error.message);
        case Errc::Unauthorized:
            return http::problem(403, "Forbidden", error.message);
        default: {
            auto response = http::problem(503, "Service Unavailable", error.message);
            response.headers.push_back({"Retry-After", "2"});
            return response;
        }
    }
}

asio::awaitable<http::Response> hold(Services services, http::Request request, Parts parts) {
    const ConfigPtr config = services.pipeline.config();
    const auto read = read_policy_action(*config, request, parts, {"tag", "digest", "until"}, true);
    if (const auto* refused = std::get_if<http::Response>(&read)) co_return *refused;
    const auto& action = std::get<Action>(read);
    const auto now = Clock::now();
    std::optional<store::TimePoint> until;
    if (action.body.until) {
        until = read_until(*action.body.until, now);
        if (!until || *until <= now) {
            co_return http::problem(
                400,
                "Bad Request",
                "until: a time to come, like 2026-11-20T22:00:00Z, or how long, like 2h"
            );
        }
    }
    auto operation = hold_operation(
        {.target = action.target,
         .policy = action.policy,
         .tag = action.body.tag,
         .digest = action.body.digest,
         .until = until},
        action.actor,
        now
    );
    auto held = co_await in_store<store::Hold>(services.writer, std::move(operation));
    if (held.has_error()) co_return problem_of(held.error());
    services.pipeline.holds_changed();
    spdlog::info(
        "target {} policy {}: held by {}: {}", held->target, held->policy, held->who, held->why
    );
    co_return json(dump({{"hold", hold_json(*held)}}));
}

asio::awaitable<http::Response> resume(Services services, http::Request request, Parts parts) {
    const ConfigPtr config = services.pipeline.config();
    const auto read = read_policy_action(*config, request, parts, {"tag"}, false);
    if (const auto* refused = std::get_if<http::Response>(&read)) co_return *refused;
    const auto& action = std::get<Action>(read);
    auto operation = resume_operation(
        config,
        {.target = action.target, .policy = action.policy, .tag = action.body.tag},
        action.actor,
        Clock::now()
    );
    auto resumed = co_await in_store<Resumed>(services.writer, std::move(operation));
    if (resumed.has_error()) co_return problem_of(resumed.error());
    spdlog::info(
        "target {} policy {}: resumed by {}", action.target, action.policy, action.actor.who
    );
    Json holds = Json::array();
    for (const auto& one : resumed->cleared) holds.push_back(hold_json(one));
    Json out{{"resumed", std::move(holds)}, {"delivery", nullptr}};
    if (resumed->delivery) {
        out["delivery"] = accepted(*resumed->delivery);
        services.pipeline.start(std::move(resumed->delivery->work));
    }
    co_return json(dump(out));
}

asio::awaitable<http::Response> rollback(Services services, http::Request request, Parts parts) {
    const ConfigPtr config = services.pipeline.config();
    const auto read = read_policy_action(*config, request, parts, {"to"}, true);
    if (const auto* refused = std::get_if<http::Response>(&read)) co_return *refused;
    const auto& action = std::get<Action>(read);
    RollbackRequest wish{
        .target = action.target,
        .policy = action.policy,
        .to = action.body.to,
        .who = action.actor.who,
        .why = action.actor.why};
    auto id = co_await services.pipeline.rollback(std::move(wish));
    if (id.has_error()) co_return problem_of(id.error());
    spdlog::info(
        "target {} policy {}: delivery {}: rollback by {}: {}",
        action.target,
        action.policy,
        *id,
        action.actor.who,
        action.actor.why
    );
    co_return json(
        dump({{"id", *id}, {"status_url", config->server.public_url + "/v1/deliveries/" + *id}}),
        202
    );
}

asio::awaitable<http::Response> replay(Services services, http::Request request, Parts parts) {
    const ConfigPtr config = services.pipeline.config();
    const auto who = acting_operator(*config, request);
    if (const auto* refused = std::get_if<http::Response>(&who)) co_return *refused;
    const auto& caller = *std::get<const config::Operator*>(who);
    auto body = read_action(request.body, {});
    if (body.has_error()) co_return problem_of(body.error());
    std::function<bool(const std::string&)> may = [config, &caller](const std::string& target) {
        return may_act_on(caller, target);
    };
    auto operation = replay_operation(
        config, parts.at(0), std::move(may), actor_of(caller, request, body->reason), Clock::now()
    );
    auto recorded = co_await in_store<store::Recorded>(services.writer, std::move(operation));
    if (recorded.has_error()) co_return problem_of(recorded.error());
    spdlog::info("delivery {}: {} replayed by {}", recorded->id, parts.at(0), caller.name);
    services.pipeline.start(std::move(recorded->work));
    co_return json(std::move(recorded->answer_body), 202);
}

asio::awaitable<http::Response> resend(Services services, http::Request request, Parts parts) {
    const ConfigPtr config = services.pipeline.config();
    const auto who = acting_operator(*config, request);
    if (const auto* refused = std::get_if<http::Response>(&who)) co_return *refused;
    const auto& caller = *std::get<const config::Operator*>(who);
    auto body = read_action(request.body, {});
    if (body.has_error()) co_return problem_of(body.error());
    // A message may be about several targets.
    for (const auto& target : config->targets) {
        if (may_act_on(caller, target.name)) continue;
        co_return http::problem(
            403, "Forbidden", caller.name + " may not act on all targets, which messages are about"
        );
    }
    auto operation =
        resend_operation(parts.at(0), actor_of(caller, request, body->reason), Clock::now());
    auto sent = co_await in_store<bool>(services.writer, std::move(operation));
    if (sent.has_error()) co_return problem_of(sent.error());
    spdlog::info(
        "notification {} is sent again for {}: {}", parts.at(0), caller.name, body->reason
    );
    services.pipeline.notifier().wake();
    co_return json(dump({{"id", parts.at(0)}, {"state", "pending"}}), 202);
}

}  // namespace linkspan::pipeline
