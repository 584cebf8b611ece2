#include "service/pipeline/routes.h"

#include "service/pipeline/handlers.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

struct Route {
    std::string_view method;
    std::string_view path;
    Answer (*answer)(Services, http::Request, Parts);
};

constexpr std::string_view kHooks = "/hooks/";

constexpr std::array kRoutes{
    Route{"GET", "/healthz", healthz},
    Route{"GET", "/readyz", readyz},
    Route{"GET", "/metrics", metrics_text},
    Route{"GET", "/openapi.json", openapi},
    Route{"GET", "/v1/deliveries", list_deliveries},
    Route{"GET", "/v1/deliveries/{id}", get_delivery},
    Route{"POST", "/v1/deliveries/{id}/replay", replay},
    Route{"GET", "/v1/targets", list_targets},
    Route{"POST", "/v1/targets/{target}/policies/{policy}/hold", hold},
    Route{"POST", "/v1/targets/{target}/policies/{policy}/resume", resume},
    Route{"POST", "/v1/targets/{target}/policies/{policy}/rollback", rollback},
    Route{"GET", "/v1/holds", list_holds},
    Route{"GET", "/v1/audit", list_audit},
    Route{"GET", "/v1/images", list_images},
    Route{"GET", "/v1/notifications", list_notifications},
    Route{"POST", "/v1/notifications/{id}/replay", resend},
};

// What stands for the braces; nullopt: another path.
std::optional<Parts> match(std::string_view route, const std::vector<std::string>& segments) {
    Parts parts;
    std::size_t at = 0;
    route.remove_prefix(1);
    while (true) {
        const std::string_view wanted = route.substr(0, route.find('/'));
        if (at == segments.size()) return std::nullopt;
        const std::string& given = segments[at++];
        if (wanted.starts_with('{')) {
            if (given.empty()) return std::nullopt;
            parts.push_back(given);
        } else if (given != wanted) {
            return std::nullopt;
        }
        if (wanted.size() == route.size()) break;
        route.remove_prefix(wanted.size() + 1);
    }
    if (at != segments.size()) return std::nullopt;
    return parts;
}

Answer answer(Services services, http::Request request) {
    if (request.path.starts_with(kHooks)) {
        co_return co_await services.intake.receive(std::move(request));
    }
    const auto segments = request.segments();
    std::string allowed;
    for (const Route& route : kRoutes) {
        auto parts = match(route.path, segments);
        if (!parts) continue;
        if (request.method != route.method &&
            !(request.method == "HEAD" && route.method == "GET")) {
            allowed = route.method == "GET" ? "GET, HEAD" : std::string{route.method};
            continue;
        }
        co_return co_await route.answer(services, std::move(request), std::move(*parts));
    }
    if (!allowed.empty()) {
        auto response = http::problem(
            405, "Method Not Allowed", fmt::format("this resource takes {}", allowed)
        );
        response.headers.push_back({"Allow", allowed});
        co_return response;
    }
    co_return http::problem(
        404,
        "Not Found",
        "nothing is here; deliveries go to /hooks/{receiver}, the calls are in docs/api.md and "
        "/openapi.json"
    );
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> route_list() {
    std::vector<std::pair<std::string_view, std::string_view>> list{
        {"POST", "/hooks/{receiver}"}, {"POST", "/hooks/{receiver}/{token}"}};
    for (const Route& route : kRoutes) list.emplace_back(route.method, route.path);
    return list;
}

http::Handler routes(Intake& intake, Pipeline& pipeline, store::Writer& writer, Metrics& metrics) {
    const Services services{intake, pipeline, writer, metrics};
    // Not a coroutine itself: the coroutine has its own copies.
    return [services](http::Request request) { return answer(services, std::move(request)); };
}

}  // namespace linkspan::pipeline
