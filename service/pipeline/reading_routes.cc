// One delivery, health, metrics, and what the API looks like.
#include "service/pipeline/handlers.h"
#include "service/pipeline/openapi.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kLongestWait{60};

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

}  // namespace

asio::awaitable<http::Response> get_delivery(
    Services services, http::Request request, Parts parts
) {
    const std::string id = parts.at(0);
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

asio::awaitable<http::Response> healthz(Services, http::Request, Parts) {
    co_return json(R"({"status":"ok"})");
}

asio::awaitable<http::Response> readyz(Services services, http::Request, Parts) {
    std::function<Status(store::Store&)> write = [](store::Store& store) { return store.probe(); };
    auto probe = co_await in_store_status(services.writer, std::move(write));
    if (probe.has_error()) {
        co_return http::problem(
            503, "Service Unavailable", "the store can't be written: " + probe.error().message
        );
    }
    co_return json(Json{{"status", "ok"}, {"pending_work", services.pipeline.pending()}}.dump());
}

asio::awaitable<http::Response> metrics_text(Services services, http::Request, Parts) {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = services.metrics.text();
    co_return response;
}

asio::awaitable<http::Response> openapi(Services, http::Request, Parts) {
    co_return json(std::string{kOpenApi});
}

}  // namespace linkspan::pipeline
