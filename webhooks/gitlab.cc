#include "webhooks/gitlab.h"

#include "webhooks/distribution.h"
#include "webhooks/fields.h"
#include "webhooks/json_view.h"
#include "webhooks/pull_request_event.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"

namespace linkspan::webhooks::gitlab {
namespace {

// Empty: it succeeded, or is of a kind that neither succeeds nor fails.
std::string unfinished(const JsonView& root, const std::string& kind) {
    JsonView status{nullptr, ""};
    if (kind == "pipeline") status = root["object_attributes"]["status"];
    if (kind == "build") status = root["build_status"];
    const auto text = status.text();
    if (!text || *text == "success") return {};
    return kind + " with the status " + shown(*text);
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver) {
    for (const char* const name : {"webhook-id", "Idempotency-Key"}) {
        if (const auto id = delivery.headers.get(name)) return std::string{*id};
    }
    return distribution::delivery_id(delivery, receiver);
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const JsonView root = document.root();
    if (!root.is_object()) return root.wrong("is not an object");
    // The notifications of its registry, sent to the same receiver.
    if (root["events"].is_array() && !root["object_kind"].exists()) {
        return distribution::parse(delivery, receiver);
    }
    Reading reading{receiver};
    if (auto event = gitlab_merge_request(root)) return parsed_pull_request(std::move(*event));
    const std::string kind = root["object_kind"].text().value_or("");
    const std::string reason = unfinished(root, kind);
    if (!reason.empty()) {
        reading.ignore(reason);
    } else if (!receiver.fields.empty()) {
        const Status read = read_fields(receiver.fields, root, delivery, reading);
        if (read.has_error()) return read.error();
    } else {
        reading.ignore(
            (kind.empty() ? "an event without object_kind" : shown(kind)) + " names no image"
        );
    }
    return with_checks(std::move(reading).finish(), gitlab_checks(root));
}

}  // namespace linkspan::webhooks::gitlab
