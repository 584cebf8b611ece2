// Zot's events extension: CloudEvents over HTTP, binary mode (structured through a bridge).
//
// zotregistry.image.updated comes once per changed tag; a push by digest has the digest as
// `reference`. The prefix of the type and the source can be configured (2.1.21 and later); a source
// that is a URL gives the host, which is nowhere else. Basic or bearer. 30 s, one attempt. Ce-Id is
// the id. `manifest` is the manifest as a string, which tells charts and signatures.
//
// Source: project-zot/zot pkg/extensions/events; zotregistry.dev, articles/events.
#pragma once

#include "webhooks/cloud_event.h"
#include "webhooks/delivery.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::zot {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
Status read(const CloudEvent& event, Reading& reading);

}  // namespace linkspan::webhooks::zot
