#include "webhooks/harbor.h"

#include "webhooks/json_view.h"
#include "webhooks/text.h"
#include "webhooks/time_text.h"

#include <algorithm>

namespace linkspan::webhooks::harbor {
namespace {

bool is_push(std::string_view type) {
    return type == "PUSH_ARTIFACT" || type == "pushImage" || type == "harbor.artifact.pushed";
}

std::string reason_for(std::string_view type) {
    struct Kind {
        std::string_view part;
        std::string_view reason;
    };
    static constexpr Kind kKinds[] = {
        {"pull", "pull"},
        {"delet", "deletion"},
        {"scan", "scan"},
        {"quota", "quota"},
        {"replication", "replication"},
        {"retention", "tag retention"},
        {"chart", "Helm chart"},
    };
    const std::string name = lower(type);
    for (const Kind& kind : kKinds) {
        if (name.find(kind.part) != std::string::npos) return std::string{kind.reason};
    }
    return "not a push: " + shown(type);
}

Result<Said> repository_of(const JsonView& repository) {
    if (repository["repo_full_name"].text()) return repository["repo_full_name"].required_text();
    const auto space = repository["namespace"].text();
    auto name = repository["name"].required_text();
    if (name.has_error()) return repository["repo_full_name"].wrong("missing");
    return Said{space ? *space + "/" + name->text : name->text, name->where};
}

// `data` has resources and repository.
Status read_push(
    const JsonView& data,
    const std::optional<std::string>& pushed_at,
    const std::optional<std::string>& actor,
    Reading& reading
) {
    LINKSPAN_TRY(repository, repository_of(data["repository"]));
    const JsonView resources = data["resources"];
    if (resources.size() == 0) reading.ignore("no resources in it");
    for (std::size_t i = 0; i < resources.size(); ++i) {
        const JsonView resource = resources[i];
        const Status pushed = reading.push({
            .host = resource["resource_url"].text().value_or(""),
            .repository = repository,
            .tag = {resource["tag"].text().value_or(""), resource["tag"].where()},
            .digest = resource["digest"].text(),
            .pushed_at = pushed_at,
            .actor = actor,
        });
        if (pushed.has_error()) return pushed.error();
    }
    return {};
}

}  // namespace

Status read(const CloudEvent& event, Reading& reading) {
    if (!is_push(event.type)) {
        reading.ignore(reason_for(event.type));
        return {};
    }
    const auto optional = [](const std::string& text) {
        return text.empty() ? std::nullopt : std::optional{text};
    };
    return read_push(event.data, optional(event.time), optional(event.actor), reading);
}

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    if (!CloudEvents::is_one(delivery)) return {};
    const auto events = CloudEvents::read(delivery);
    return events ? events->ids() : std::string{};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
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
    const JsonView root = document.root();
    LINKSPAN_TRY(type, root["type"].required_text());
    if (!is_push(type.text)) {
        reading.ignore(reason_for(type.text));
        return std::move(reading).finish();
    }
    const auto seconds = root["occur_at"].integer();
    const Status status = read_push(
        root["event_data"],
        seconds ? rfc3339_of(*seconds) : std::nullopt,
        root["operator"].text(),
        reading
    );
    if (status.has_error()) return status.error();
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::harbor
