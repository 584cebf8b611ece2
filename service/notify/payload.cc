#include "service/notify/payload.h"

#include <nlohmann/json.hpp>

namespace linkspan::notify {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json json_of(const Item& item) {
    Json changes = Json::array();
    for (const Change& change : item.changes) {
        changes.push_back({
            {"path", change.path},
            {"line", change.line},
            {"image", change.image},
            {"old_tag", text_or_null(change.old_tag)},
            {"new_tag", text_or_null(change.new_tag)},
        });
    }
    return {
        {"target", item.target},
        {"policy", item.policy},
        {"image", item.image},
        {"tag", item.tag},
        {"digest", text_or_null(item.digest)},
        {"reason", text_or_null(item.reason)},
        {"delivery", item.delivery},
        {"status_url", text_or_null(item.status_url)},
        {"revision", text_or_null(item.revision)},
        {"source", text_or_null(item.source)},
        {"build_url", text_or_null(item.build_url)},
        {"actor", text_or_null(item.actor)},
        {"changes", std::move(changes)},
    };
}

}  // namespace

Json payload(const Message& message) {
    Json promotions = Json::array();
    for (const Item& item : message.items) promotions.push_back(json_of(item));
    Json out{
        {"outcome", message.kind},
        {"summary", summary(message)},
        {"repository", text_or_null(message.repository)},
        {"repository_url", text_or_null(message.repository_url)},
        {"branch", text_or_null(message.branch)},
        {"commit", text_or_null(message.commit)},
        {"pull_request_url", text_or_null(message.pull_request_url)},
        {"promotions", std::move(promotions)},
        {"promotions_total", message.items_total},
    };
    if (message.deployment) {
        out["deployment"] = {
            {"controller", message.deployment->controller},
            {"object", message.deployment->object},
            {"revision", message.deployment->revision},
            {"message", text_or_null(message.deployment->message)},
        };
    }
    return out;
}

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string event_type(const Message& message) {
    if (message.kind == "applied") return "deployment.applied";
    if (message.kind == "apply_failed") return "deployment.failed";
    return "promotion." + message.kind;
}

}  // namespace linkspan::notify
