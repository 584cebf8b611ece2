#include "service/pipeline/routes.h"

#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kLongestWait{60};
constexpr std::size_t kDefaultPage = 50;
constexpr std::size_t kLargestPage = 500;

struct Services {
    Intake& intake;
    Pipeline& pipeline;
    store::Writer& writer;
    Metrics& metrics;
};

http::Response json(std::string body, unsigned status = 200) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

// "30s", "1m", "500ms", or plain seconds. nullopt: not a duration.
std::optional<std::chrono::milliseconds> read_wait(std::string_view text) {
    long long number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0 || number > 1'000'000) return std::nullopt;
    const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    if (unit == "ms") return std::chrono::milliseconds{number};
    if (unit == "s" || unit.empty()) return std::chrono::seconds{number};
    if (unit == "m") return std::chrono::minutes{number};
    return std::nullopt;
}

// Lists are behind the read token, where one is configured; a single delivery is known by an id
// that can't be guessed.
std::optional<http::Response> refuse_reader(
    const Services& services, const http::Request& request
) {
    const auto& token = services.pipeline.config()->server.read_token;
    if (!token) return std::nullopt;
    const auto secret = token->read();
    const auto given = request.header("Authorization");
    if (secret.has_value() && given && given->starts_with("Bearer ") &&
        secret->equals(given->substr(7))) {
        return std::nullopt;
    }
    auto response =
        http::problem(401, "Unauthorized", "this call needs the token of server.read_token");
    response.headers.push_back({"WWW-Authenticate", "Bearer realm=\"linkspan\""});
    return response;
}

// Returns when controllers have said what became of everything that the delivery committed.
asio::awaitable<void> wait_applied(
    Services services, std::string id, std::chrono::steady_clock::time_point until
) {
    for (;;) {
        const auto seen = services.pipeline.notifier().reports();
        std::function<Result<bool>(store::Store&)> ended = [id](store::Store& store
                                                           ) -> Result<bool> {
            LINKSPAN_TRY(trail, store.trail(id));
            return !trail || deployment_ended(*trail);
        };
        const auto done = co_await in_store<bool>(services.writer, std::move(ended));
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now()
        );
        if (done.has_error() || *done || left.count() <= 0) co_return;
        co_await services.pipeline.notifier().wait_report(seen, left);
        if (services.pipeline.notifier().reports() == seen) co_return;  // time, or shutting down
    }
}

asio::awaitable<http::Response> get_delivery(Services services, http::Request request) {
    const std::string id = request.path.substr(std::string_view{"/v1/deliveries/"}.size());
    if (const auto wait = request.parameter("wait")) {
        const auto time = read_wait(*wait);
        if (!time) {
            co_return http::problem(
                400, "Bad Request", "wait: not a duration; write it like \"30s\" or \"500ms\""
            );
        }
        const auto patience = std::min<std::chrono::milliseconds>(*time, kLongestWait);
        const auto wanted = request.parameter("for").value_or("settled");
        if (wanted != "settled" && wanted != "applied") {
            co_return http::problem(400, "Bad Request", "for: \"settled\" or \"applied\"");
        }
        const auto until = std::chrono::steady_clock::now() + patience;
        co_await services.pipeline.wait_settled(id, patience);
        if (wanted == "applied") co_await wait_applied(services, id, until);
    }
    std::function<Result<std::optional<store::Trail>>(store::Store&)> read =
        [id](store::Store& store) { return store.trail(id); };
    auto trail = co_await in_store<std::optional<store::Trail>>(services.writer, std::move(read));
    if (trail.has_error()) {
        co_return http::problem(503, "Service Unavailable", trail.error().message);
    }
    if (!*trail) {
        co_return http::problem(404, "Not Found", "there is no delivery with this id");
    }
    co_return json(trail_json(**trail, services.pipeline.config()->server.public_url));
}

asio::awaitable<http::Response> list_deliveries(Services services, http::Request request) {
    if (auto refused = refuse_reader(services, request)) co_return std::move(*refused);
    std::size_t limit = kDefaultPage;
    if (const auto text = request.parameter("limit")) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
        if (error != std::errc{} || *end != '\0' || limit == 0 || limit > kLargestPage) {
            co_return http::problem(
                400, "Bad Request", fmt::format("limit: a number from 1 to {}", kLargestPage)
            );
        }
    }
    const auto after = request.parameter("after");
    std::function<Result<std::vector<store::DeliverySummary>>(store::Store&)> read =
        [after, limit](store::Store& store) { return store.deliveries(after, limit); };
    auto page =
        co_await in_store<std::vector<store::DeliverySummary>>(services.writer, std::move(read));
    if (page.has_error()) {
        co_return http::problem(503, "Service Unavailable", page.error().message);
    }
    co_return json(deliveries_json(*page, limit));
}

asio::awaitable<http::Response> list_notifications(Services services, http::Request request) {
    if (auto refused = refuse_reader(services, request)) co_return std::move(*refused);
    std::size_t limit = kDefaultPage;
    if (const auto text = request.parameter("limit")) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
        if (error != std::errc{} || *end != '\0' || limit == 0 || limit > kLargestPage) {
            co_return http::problem(
                400, "Bad Request", fmt::format("limit: a number from 1 to {}", kLargestPage)
            );
        }
    }
    std::optional<std::int64_t> after;
    if (const auto text = request.parameter("after")) {
        std::int64_t seq = 0;
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seq);
        if (error != std::errc{} || *end != '\0') {
            co_return http::problem(400, "Bad Request", "after: \"next\" of the page before");
        }
        after = seq;
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

asio::awaitable<http::Response> list_targets(Services services, http::Request request) {
    if (auto refused = refuse_reader(services, request)) co_return std::move(*refused);
    const ConfigPtr config = services.pipeline.config();
    Json targets = Json::array();
    for (const auto& target : config->targets) {
        Json policies = Json::array();
        for (const auto& name : target.policies) {
            if (const auto* policy = config->policy(name)) {
                policies.push_back({{"name", policy->full_name()}, {"image", policy->image.str()}});
            }
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
    co_return json(Json{{"targets", std::move(targets)}}.dump());
}

asio::awaitable<http::Response> healthz(Services, http::Request) {
    co_return json(R"({"status":"ok"})");
}

asio::awaitable<http::Response> readyz(Services services, http::Request) {
    std::function<Status(store::Store&)> write = [](store::Store& store) { return store.probe(); };
    auto probe = co_await in_store_status(services.writer, std::move(write));
    if (probe.has_error()) {
        co_return http::problem(
            503, "Service Unavailable", "the store can't be written: " + probe.error().message
        );
    }
    co_return json(Json{{"status", "ok"}, {"pending_work", services.pipeline.pending()}}.dump());
}

asio::awaitable<http::Response> metrics_text(Services services, http::Request) {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = services.metrics.text();
    co_return response;
}

struct Route {
    std::string_view path;
    bool prefix;
    asio::awaitable<http::Response> (*answer)(Services, http::Request);
};

constexpr std::array kGets{
    Route{"/healthz", false, healthz},
    Route{"/readyz", false, readyz},
    Route{"/metrics", false, metrics_text},
    Route{"/v1/deliveries", false, list_deliveries},
    Route{"/v1/deliveries/", true, get_delivery},
    Route{"/v1/notifications", false, list_notifications},
    Route{"/v1/targets", false, list_targets},
};

asio::awaitable<http::Response> answer(Services services, http::Request request) {
    constexpr std::string_view kHooks = "/hooks/";
    if (request.path.starts_with(kHooks)) {
        co_return co_await services.intake.receive(std::move(request));
    }
    for (const Route& route : kGets) {
        const bool mine = route.prefix ? request.path.starts_with(route.path) &&
                                             request.path.size() > route.path.size()
                                       : request.path == route.path;
        if (!mine) continue;
        if (request.method != "GET" && request.method != "HEAD") {
            auto response =
                http::problem(405, "Method Not Allowed", "this resource is read with GET");
            response.headers.push_back({"Allow", "GET, HEAD"});
            co_return response;
        }
        co_return co_await route.answer(services, std::move(request));
    }
    co_return http::problem(
        404,
        "Not Found",
        "nothing is here; deliveries go to /hooks/{receiver}, the calls are in docs/api.md"
    );
}

}  // namespace

http::Handler routes(Intake& intake, Pipeline& pipeline, store::Writer& writer, Metrics& metrics) {
    const Services services{intake, pipeline, writer, metrics};
    // Not a coroutine itself: the coroutine has its own copies.
    return [services](http::Request request) { return answer(services, std::move(request)); };
}

}  // namespace linkspan::pipeline
