// CDEvents: artifact.published, as CloudEvents (binary or structured) or as the bare event.
//
// Types carry a version of their own: dev.cdevents.artifact.published.0.1.1 (specification 0.3),
// .0.2.0 (0.4), .0.3.0 (0.5). subject.id is a package URL: pkg:oci/name@sha256%3A…?repository_url=
// host/path&tag=…; other package types are no images. artifact.packaged was built, not pushed.
// Nothing is signed. context.id is the id.
//
// Source: cdevents/spec continuous-integration.md, cloudevents-binding.md; package-url/purl-spec.
#pragma once

#include "webhooks/cloud_event.h"
#include "webhooks/delivery.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::cdevents {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
Status read(const CloudEvent& event, Reading& reading);

}  // namespace linkspan::webhooks::cdevents
