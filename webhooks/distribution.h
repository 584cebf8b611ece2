// CNCF Distribution 2 and 3, and the registries that send its envelope (GitLab's, and others).
//
// POST {"events":[…]}, as application/vnd.docker.distribution.events.v1+json (2.x), …v2+json (3.x)
// or plain JSON; the content type is not looked at. Facts: action, target.{repository,tag,digest,
// mediaType}, request.host (the host that the pusher used), timestamp, actor.name. Only a manifest
// that was put by tag has target.tag; layers and configs are pushes as well, mounts, pulls and
// deletions come through the same envelope.
//
// It waits 1 s, then sends the same envelope again, for ever, and nothing else until that one is
// accepted. It has no delivery header: the ids of the events are the id.
//
// Source: distribution/distribution v2.8.3 and v3.1.1, notifications/*.go; docs/content/about/
// notifications.md.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::distribution {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::distribution
