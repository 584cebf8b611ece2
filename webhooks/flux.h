// Flux: events of its notification-controller (providers generic and generic-hmac), which say what
// became of a revision.
//
// Kustomizations and HelmReleases with a revision of Git are reports. What sources fetched, charts'
// versions and other events are ignored with the reason. The revision is metadata.originRevision,
// else metadata.revision; before Flux 0.37 the key had the controller's group in front.
//
// fluxcd/pkg, apis/event/v1beta1;
// https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::flux {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::flux
