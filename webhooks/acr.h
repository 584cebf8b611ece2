// Azure Container Registry: its own webhooks, and Event Grid in both schemas.
//
// Own: one attempt, 5 s, no retries; authenticated by headers that the administrator sets. push,
// delete, chart_push, chart_delete, quarantine, ping; a push by digest has an empty tag.
//
// Event Grid schema: a JSON array; Microsoft.ContainerRegistry.ImagePushed, the data being the own
// webhook's body. A subscription begins with SubscriptionValidationEvent, to be answered with 200
// (not 202) and the code; its validationUrl is never called. CloudEvents schema: single objects or
// batches, and an OPTIONS handshake (answer_options()). At least once, 30 s, 24 h of retries; 400
// and 413 are final. Connected registries send no host.
//
// Source: Microsoft Learn, container-registry-webhook-reference, event-schema-container-registry,
// webhook-event-delivery, delivery-and-retry (2025).
#pragma once

#include "webhooks/cloud_event.h"
#include "webhooks/delivery.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::acr {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
Status read(const CloudEvent& event, Reading& reading);

}  // namespace linkspan::webhooks::acr
