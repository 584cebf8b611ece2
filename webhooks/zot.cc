#include "webhooks/zot.h"

#include "webhooks/json_view.h"
#include "webhooks/text.h"

namespace linkspan::webhooks::zot {
namespace {

// What follows the prefix, which is "zotregistry" unless `typePrefix` says otherwise.
constexpr std::string_view kUpdated = ".image.updated";
constexpr std::string_view kDeleted = ".image.deleted";
constexpr std::string_view kRepository = ".repository.created";

std::optional<std::string> artifact_in(const JsonView& manifest) {
    const auto text = manifest.text();
    if (!text) return std::nullopt;
    const auto document = JsonDocument::parse(*text);
    if (document.has_error()) return std::nullopt;
    const JsonView root = document->root();
    for (const JsonView& type : {root["artifactType"], root["config"]["mediaType"]}) {
        if (auto artifact = artifact_of(type.text().value_or(""))) return artifact;
    }
    return std::nullopt;
}

// "https://registry.example.com", when the administrator made it the source of events.
std::string host_of(const std::string& source) {
    const bool is_url = source.starts_with("https://") || source.starts_with("http://");
    return is_url ? source : std::string{};
}

std::string reason_for(const std::string& type) {
    if (type.ends_with(kDeleted)) return "deletion";
    if (type.ends_with(kRepository)) return "a new repository";
    return "not a push: " + shown(type);
}

}  // namespace

Status read(const CloudEvent& event, Reading& reading) {
    if (!event.type.ends_with(kUpdated)) {
        reading.ignore(reason_for(event.type));
        return {};
    }
    const JsonView& data = event.data;
    LINKSPAN_TRY(name, data["name"].required_text());
    return reading.push(
        {
            .usual_host = host_of(event.source),
            .repository = std::move(name),
            .tag = {data["reference"].text().value_or(""), data["reference"].where()},
            .digest = data["digest"].text(),
            .media_type = data["mediaType"].text(),
            .pushed_at = event.time.empty() ? std::nullopt : std::optional{event.time},
            .actor = data["actor"]["name"].text(),
        },
        artifact_in(data["manifest"])
    );
}

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    const auto events = CloudEvents::read(delivery);
    return events ? events->ids() : std::string{};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    Reading reading{receiver};
    if (!CloudEvents::is_one(delivery)) {
        // A proxy that drops the Ce- headers leaves no way to tell a push from a deletion.
        LINKSPAN_TRY(document, JsonDocument::parse(delivery.body));
        if (!is_untagged(document.root()["reference"].text().value_or(""))) {
            return Error{Errc::InvalidInput, "header Ce-Type: missing"};
        }
        reading.ignore("push without a tag");
        return std::move(reading).finish();
    }
    LINKSPAN_TRY(events, CloudEvents::read(delivery));
    for (const CloudEvent& event : events.events()) {
        const Status status = read(event, reading);
        if (status.has_error()) return status.error();
    }
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::zot
