#include "webhooks/nexus.h"

#include "webhooks/json_view.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"
#include "webhooks/time_text.h"

namespace linkspan::webhooks::nexus {

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    return std::string{delivery.headers.get("X-Nexus-Webhook-Delivery").value_or("")};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    Reading reading{receiver};
    const auto ignored = [&](std::string reason) {
        reading.ignore(std::move(reason));
        return std::move(reading).finish();
    };
    const JsonView component = root["component"];
    if (root["asset"].exists()) return ignored("asset event; the component event says it all");
    if (root["components"].exists()) return ignored("deletion");
    if (!component.exists()) return ignored("not a component event");
    const std::string format = component["format"].text().value_or("");
    if (format != "docker") return ignored("component of the format " + shown(format));
    LINKSPAN_TRY(action, root["action"].required_text());
    if (action.text == "DELETED" || action.text == "PURGED") return ignored("deletion");
    if (action.text != "CREATED" && action.text != "UPDATED") {
        return ignored("not a push: " + shown(action.text));
    }
    LINKSPAN_TRY(name, component["name"].required_text());
    LINKSPAN_TRY(version, component["version"].required_text());
    const Status pushed = reading.push({
        .repository = std::move(name),
        .tag = std::move(version),
        .pushed_at = with_colon_in_offset(root["timestamp"].text().value_or("")),
        .actor = root["initiator"].text(),
    });
    if (pushed.has_error()) return pushed.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::nexus
