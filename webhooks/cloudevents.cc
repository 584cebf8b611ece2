#include "webhooks/cloudevents.h"

#include "webhooks/acr.h"
#include "webhooks/cdevents.h"
#include "webhooks/cloud_event.h"
#include "webhooks/ecr.h"
#include "webhooks/fields.h"
#include "webhooks/harbor.h"
#include "webhooks/reading.h"
#include "webhooks/text.h"
#include "webhooks/zot.h"

namespace linkspan::webhooks::cloudevents {
namespace {

Status read_image_push(const CloudEvent& event, Reading& reading) {
    const JsonView& data = event.data;
    LINKSPAN_TRY(repository, data["repository"].required_text());
    return reading.push({
        .host = data["registryUrl"].text().value_or(""),
        .repository = std::move(repository),
        .tag = {data["tag"].text().value_or(""), data["tag"].where()},
        .digest = data["digest"].text(),
        .pushed_at = event.time.empty() ? std::nullopt : std::optional{event.time},
    });
}

struct Known {
    std::string_view prefix;  // of the event's type
    Status (*read)(const CloudEvent&, Reading&);
};
constexpr Known kKnown[] = {
    {"zotregistry.", zot::read},
    {"harbor.", harbor::read},
    {"Microsoft.ContainerRegistry.", acr::read},
    {"dev.cdevents.", cdevents::read},
    {"com.amazon.ecr.", ecr::read},
    {"container.image.push", read_image_push},
};

Status read_event(
    const CloudEvent& event, const RawDelivery& delivery, const Receiver& receiver, Reading& reading
) {
    for (const Known& known : kKnown) {
        if (event.type.starts_with(known.prefix)) return known.read(event, reading);
    }
    if (!receiver.fields.empty()) {
        return read_fields(receiver.fields, event.data, delivery, reading);
    }
    reading.ignore("a CloudEvent of the type " + shown(event.type));
    return {};
}

}  // namespace

std::string delivery_id(const RawDelivery& delivery, const Receiver& /*receiver*/) {
    const auto events = CloudEvents::read(delivery);
    return events ? events->ids() : std::string{};
}

Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver) {
    LINKSPAN_TRY(events, CloudEvents::read(delivery));
    Reading reading{receiver};
    if (events.events().empty()) reading.ignore("no events in it");
    for (const CloudEvent& event : events.events()) {
        const Status read = read_event(event, delivery, receiver, reading);
        if (read.has_error()) return read.error();
    }
    return std::move(reading).finish();
}

}  // namespace linkspan::webhooks::cloudevents
