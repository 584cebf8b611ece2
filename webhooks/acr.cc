#include "webhooks/acr.h"

#include "webhooks/json_view.h"
#include "webhooks/text.h"

#include <fmt/format.h>

namespace linkspan::webhooks::acr {
namespace {

constexpr std::string_view kValidation = "Microsoft.EventGrid.SubscriptionValidationEvent";
constexpr std::string_view kRegistryEvents = "Microsoft.ContainerRegistry.";

Status read_push(const JsonView& push, Reading& reading) {
    const JsonView target = push["target"];
    LINKSPAN_TRY(repository, target["repository"].required_text());
    return reading.push({
        .host = push["request"]["host"].text().value_or(""),
        .repository = std::move(repository),
        .tag = {target["tag"].text().value_or(""), target["tag"].where()},
        .digest = target["digest"].text(),
        .media_type = target["mediaType"].text(),
        .pushed_at = push["timestamp"].text(),
        .actor = push["actor"]["name"].text(),
    });
}

Status read_own(const JsonView& root, Reading& reading) {
    LINKSPAN_TRY(action, root["action"].required_text());
    if (action.text == "push") return read_push(root, reading);
    if (action.text == "ping") {
        reading.ignore("ping");
    } else if (action.text == "delete") {
        reading.ignore("deletion");
    } else if (action.text == "chart_push") {
        reading.ignore("push of a Helm chart");
    } else if (action.text == "chart_delete") {
        reading.ignore("deletion of a Helm chart");
    } else {
        reading.ignore("not a push: " + shown(action.text));
    }
    return {};
}

// `type` with or without the provider's name in front: older documents leave it out.
Status read_typed(std::string_view type, const JsonView& data, Reading& reading) {
    if (type.starts_with(kRegistryEvents)) type.remove_prefix(kRegistryEvents.size());
    if (type == "ImagePushed") return read_push(data, reading);
    if (type == "ImageDeleted") {
        reading.ignore("deletion");
    } else if (type == "ChartPushed") {
        reading.ignore("push of a Helm chart");
    } else if (type == "ChartDeleted") {
        reading.ignore("deletion of a Helm chart");
    } else {
        reading.ignore("not a push: " + shown(type));
    }
    return {};
}

// The handshake: {"validationResponse": "<code>"}. The code is a GUID; nothing else is echoed.
Result<Answer> validation_answer(const JsonView& event) {
    const JsonView code = event["data"]["validationCode"];
    LINKSPAN_TRY(said, code.required_text());
    const bool plain = said.text.size() <= 128 &&
                       said.text.find_first_not_of(
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
                       ) == std::string::npos;
    if (!plain) return code.wrong("is not a validation code");
    return Answer{
        200,
        {{"Content-Type", "application/json"}},
        fmt::format(R"({{"validationResponse":"{}"}})", said.text)};
}

bool is_event_grid(const JsonView& event) { return event["eventType"].is_string(); }

Result<ParsedDelivery> parse_event_grid(const JsonView& root, const Receiver& receiver) {
    Reading reading{receiver};
    const std::size_t count = root.is_array() ? root.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
        const JsonView event = root.is_array() ? root[i] : root;
        LINKSPAN_TRY(type, event["eventType"].required_text());
        if (type.text == kValidation) {
            LINKSPAN_TRY(answer, validation_answer(event));
            ParsedDelivery handshake;
            handshake.ignored_reason = "validation of a subscription";
            handshake.answer = std::move(answer);
            return handshake;
        }
        const Status read = read_typed(type.text, event["data"], reading);
        if (read.has_error()) return read.error();
    }
    if (count == 0) reading.ignore("no events in it");
    return std::move(reading).finish();
}

}  // namespace

Status read(const CloudEvent& event, Reading& reading) {
    return read_typed(event.type, event.data, reading);
}

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    const auto document = JsonDocument::parse(delivery.body);
    if (document.has_error()) return {};
    const JsonView root = document->root();
    if (!root.is_array()) return root["id"].text().value_or("");
    std::string ids;
    for (std::size_t i = 0; i < root.size(); ++i) {
        const auto id = root[i]["id"].text();
        if (!id) return {};
        ids += (ids.empty() ? "" : ",") + *id;
    }
    return ids;
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (is_event_grid(root.is_array() ? root[0] : root)) return parse_event_grid(root, receiver);
    Reading reading{receiver};
    if (root.is_array() && root.size() == 0) {
        reading.ignore("no events in it");
        return std::move(reading).finish();
    }
    if (root.is_array() || CloudEvents::is_one(delivery)) {
        LINKSPAN_TRY(events, CloudEvents::read(delivery));
        for (const CloudEvent& event : events.events()) {
            const Status status = read(event, reading);
            if (status.has_error()) return status.error();
        }
        return std::move(reading).finish();
    }
    const Status status = read_own(root, reading);
    if (status.has_error()) return status.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::acr
