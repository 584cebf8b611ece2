#include "webhooks/distribution.h"

#include "webhooks/json_view.h"
#include "webhooks/reading.h"

namespace linkspan::webhooks::distribution {
namespace {

// What an untagged push was. A blob's media type is often only application/octet-stream; its URL
// tells it from a manifest.
std::string untagged_push(const JsonView& target) {
    const std::string media_type = target["mediaType"].text().value_or("");
    const auto has = [&](std::string_view part) {
        return media_type.find(part) != std::string::npos;
    };
    if (has("manifest") || has("image.index")) return "push of a manifest without a tag";
    if (has("rootfs") || has("layer")) return "layer push";
    if (has("image.config") || has("container.image.v1+json")) return "config push";
    const std::string url = target["url"].text().value_or("");
    if (url.find("/blobs/") != std::string::npos) return "layer or config push";
    return "push without a tag";
}

Status read_event(const JsonView& event, Reading& reading) {
    if (!event.is_object()) return event.wrong("is not an object");
    LINKSPAN_TRY(action, event["action"].required_text());
    const JsonView target = event["target"];
    const auto tag = target["tag"].text();
    if (action.text == "delete") {
        reading.ignore(tag ? "deletion of a tag" : "deletion");
        return {};
    }
    if (action.text != "push") {
        reading.ignore(
            action.text == "pull" || action.text == "mount" ? action.text : "not a push"
        );
        return {};
    }
    if (!tag || is_untagged(*tag)) {
        reading.ignore(untagged_push(target));
        return {};
    }
    LINKSPAN_TRY(repository, target["repository"].required_text());
    return reading.push({
        .host = event["request"]["host"].text().value_or(""),
        .repository = std::move(repository),
        .tag = {*tag, target["tag"].where()},
        .digest = target["digest"].text(),
        .media_type = target["mediaType"].text(),
        .pushed_at = event["timestamp"].text(),
        .actor = event["actor"]["name"].text(),
    });
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    const auto document = JsonDocument::parse(delivery.body);
    if (document.has_error()) return {};
    const JsonView root = document->root();
    const JsonView events = root["events"];
    std::string ids;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto id = events[i]["id"].text();
        // One without an id: then only the whole body tells this delivery from another.
        if (!id) return {};
        ids += ids.empty() ? "" : ",";
        ids += *id;
    }
    return ids;
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object with \"events\"");
    const JsonView events = root["events"];
    Reading reading{receiver};
    if (!events.exists()) {
        // Go writes an empty list as null.
        if (!root.has("events")) return events.wrong("missing");
    } else if (!events.is_array()) {
        return events.wrong("is not a list");
    }
    if (events.size() == 0) reading.ignore("no events in it");
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Status read = read_event(events[i], reading);
        if (read.has_error()) return read.error();
    }
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::distribution
