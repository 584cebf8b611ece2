// Sonatype Nexus Repository 3: repository webhooks, event type component.
//
// X-Nexus-Webhook-Signature is HMAC-SHA1 of the body in hex, only when a secret is set.
// X-Nexus-Webhook-Delivery is the id. One attempt. The host (a connector's port per repository) and
// the digest are not in the payload. The asset events of the same push say nothing more. Times have
// an offset without a colon.
//
// Source: sonatype/nexus-public WebhookServiceImpl, RepositoryComponentWebhook.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::nexus {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::nexus
