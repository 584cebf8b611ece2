#include "webhooks/json_output.h"

#include "webhooks/deployment.h"
#include "webhooks/pull_request_event.h"

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
    if (!parsed.pull_requests.empty()) {
        Json spoken_of = Json::array();
        for (const PullRequestEvent& event : parsed.pull_requests) {
            Json json{{"what", std::string{to_string(event.what)}}, {"number", event.number}};
            const std::pair<const char*, const std::string&> facts[] = {
                {"repository", event.repository},
                {"head", event.head},
                {"base", event.base},
                {"head_commit", event.head_commit},
                {"actor", event.actor},
                {"comment", event.comment},
                {"text", event.text},
                {"label", event.label}};
            for (const auto& [name, value] : facts) {
                json[name] = value.empty() ? Json(nullptr) : Json(value);
            }
            spoken_of.push_back(std::move(json));
        }
        out["pull_requests"] = std::move(spoken_of);
    }
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
