#include "webhooks/json_output.h"

#include "webhooks/deployment.h"

#include <nlohmann/json.hpp>

namespace linkspan::webhooks {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Json event_json(const image::ImageEvent& event) {
    Json json;
    json["image"] = event.image.str();
    json["tag"] = event.tag.str();
    json["digest"] = or_null(event.digest);
    json["media_type"] = or_null(event.media_type);
    json["pushed_at"] = or_null(event.pushed_at);
    json["revision"] = or_null(event.revision);
    json["source"] = or_null(event.source);
    return json;
}

}  // namespace

std::string to_json(const ParsedDelivery& parsed) {
    Json events = Json::array();
    for (const image::ImageEvent& event : parsed.events) events.push_back(event_json(event));
    for (const SetAside& aside : parsed.set_aside) {
        Json json = event_json(aside.event);
        json["ignored"] = aside.reason;
        events.push_back(std::move(json));
    }
    Json out;
    const bool nothing = events.empty();
    out["events"] = std::move(events);
    out["ignored"] = nothing ? or_null(parsed.ignored_reason) : Json(nullptr);
    if (!parsed.deployments.empty()) {
        Json deployments = Json::array();
        for (const DeploymentReport& report : parsed.deployments) {
            deployments.push_back({
                {"controller", report.controller},
                {"object", report.object},
                {"state", std::string{to_string(report.state)}},
                {"revision", report.revision},
                {"branch", report.branch.empty() ? Json(nullptr) : Json(report.branch)},
                {"message", report.message},
            });
        }
        out["deployments"] = std::move(deployments);
    }
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace linkspan::webhooks
