// CloudEvents 1.0 of any producer: structured, batched, binary.
//
// Types that we know are read as their senders send them: Zot, Harbor, Azure Container Registry,
// CDEvents, ECR's transformed events, and container.image.push with data of repository, tag,
// digest, registryUrl. Others through the receiver's `fields`, which look into `data`. source and
// id together are the id.
//
// Source: cloudevents/spec v1.0.2; argocd-image-updater, for container.image.push.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::cloudevents {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::cloudevents
