#include "webhooks/ecr.h"

#include "webhooks/authenticate.h"
#include "webhooks/json_view.h"
#include "webhooks/sns.h"
#include "webhooks/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace linkspan::webhooks::ecr {
namespace {

bool is_label(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

// Empty when account or region are missing or no such thing: then the receiver's registry counts.
std::string host_of(std::string_view account, std::string_view region) {
    if (!is_label(account) || !is_label(region)) return {};
    const std::string_view end = region.starts_with("cn-") ? ".cn" : "";
    return fmt::format("{}.dkr.ecr.{}.amazonaws.com{}", account, region, end);
}

std::string reason_for(const std::string& detail_type) {
    if (detail_type == "ECR Replication Action") return "replication";
    if (detail_type == "ECR Pull Through Cache Action") return "pull-through cache";
    if (detail_type == "ECR Image Scan" || detail_type == "ECR Scan Resource Change") return "scan";
    return "not a push: " + shown(detail_type);
}

Status read_event_bridge(const JsonView& root, Reading& reading) {
    LINKSPAN_TRY(type, root["detail-type"].required_text());
    if (type.text != "ECR Image Action") {
        reading.ignore(reason_for(type.text));
        return {};
    }
    const JsonView detail = root["detail"];
    LINKSPAN_TRY(action, detail["action-type"].required_text());
    if (action.text != "PUSH") {
        reading.ignore(
            action.text == "DELETE" ? std::string{"deletion"} : "not a push: " + shown(action.text)
        );
        return {};
    }
    if (detail["result"].exists() && detail["result"].text() != "SUCCESS") {
        reading.ignore("a push that failed");
        return {};
    }
    LINKSPAN_TRY(repository, detail["repository-name"].required_text());
    // What the config is says what the artifact is.
    auto artifact = artifact_of(detail["artifact-media-type"].text().value_or(""));
    return reading.push(
        {
            .host =
                host_of(root["account"].text().value_or(""), root["region"].text().value_or("")),
            .repository = std::move(repository),
            .tag = {detail["image-tag"].text().value_or(""), detail["image-tag"].where()},
            .digest = detail["image-digest"].text(),
            .media_type = detail["manifest-media-type"].text(),
            .pushed_at = root["time"].text(),
        },
        std::move(artifact)
    );
}

// "urn:aws:ecr:us-east-1:123456789012:repository/my-app", or an ARN: the fourth and fifth parts.
std::string host_of_source(std::string_view source) {
    std::vector<std::string_view> parts;
    while (parts.size() < 6) {
        const auto colon = source.find(':');
        parts.push_back(source.substr(0, colon));
        if (colon == std::string_view::npos) break;
        source.remove_prefix(colon + 1);
    }
    if (parts.size() < 6) return {};
    return host_of(parts[4], parts[3]);
}

Status read_body(const JsonView& root, Reading& reading) {
    if (!root.is_object()) return root.wrong("is not an object");
    return read_event_bridge(root, reading);
}

Result<ParsedDelivery> parse_sns(
    const sns::Message& message, const RawDelivery& delivery, const Receiver& receiver
) {
    Reading reading{receiver};
    if (message.type == "SubscriptionConfirmation") {
        reading.ignore("confirmation of a subscription");
        ParsedDelivery parsed = std::move(reading).finish();
        // By another way in, the signature was not looked at: the address may be anybody's.
        const bool is_signed =
            sns::check(delivery, receiver.auth.sns, usable_secrets(receiver.auth)).kind ==
            Verdict::Kind::Passed;
        if (is_signed) parsed.confirm_url = sns::confirm_url(message);
        return parsed;
    }
    if (message.type != "Notification") {
        reading.ignore("end of a subscription");
        return std::move(reading).finish();
    }
    const auto document = JsonDocument::parse(message.message);
    if (document.has_error() || !document->root()["detail-type"].exists()) {
        reading.ignore("a message that is not an ECR event");
        return std::move(reading).finish();
    }
    const Status read = read_body(JsonView{document->root(), "Message"}, reading);
    if (read.has_error()) return read.error();
    return std::move(reading).finish();
}

}  // namespace

Status read(const CloudEvent& event, Reading& reading) {
    if (event.data["detail-type"].exists()) return read_event_bridge(event.data, reading);
    if (!event.type.starts_with("com.amazon.ecr.image.push")) {
        reading.ignore("not a push: " + shown(event.type));
        return {};
    }
    const JsonView& data = event.data;
    LINKSPAN_TRY(repository, data["repositoryName"].required_text());
    return reading.push({
        .host = host_of_source(event.source),
        .repository = std::move(repository),
        .tag = {data["imageTag"].text().value_or(""), data["imageTag"].where()},
        .digest = data["imageDigest"].text(),
        .pushed_at = event.time.empty() ? std::nullopt : std::optional{event.time},
    });
}

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    const auto message = sns::read(delivery);
    if (message) return message->has_value() ? (*message)->id : std::string{};
    if (CloudEvents::is_one(delivery)) {
        const auto events = CloudEvents::read(delivery);
        return events ? events->ids() : std::string{};
    }
    const auto document = JsonDocument::parse(delivery.body);
    return document ? document->root()["id"].text().value_or("") : std::string{};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    if (const auto message = sns::read(delivery)) {
        if (message->has_error()) return message->error();
        return parse_sns(**message, delivery, receiver);
    }
    Reading reading{receiver};
    if (CloudEvents::is_one(delivery)) {
        LINKSPAN_TRY(events, CloudEvents::read(delivery));
        for (const CloudEvent& event : events.events()) {
            const Status status = read(event, reading);
            if (status.has_error()) return status.error();
        }
        return std::move(reading).finish();
    }
    LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
    const Status status = read_body(document.root(), reading);
    if (status.has_error()) return status.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::ecr
