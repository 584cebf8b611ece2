// Harbor 1 and 2: PUSH_ARTIFACT (pushImage in 1.x) in the default format, harbor.artifact.pushed in
// the CloudEvents format.
//
// The policy's "auth header" comes as Authorization, word for word. 3 s, 3 attempts (job service
// settings); only 2xx is success. No id in the default format. The host is the part of resource_url
// in front of the first '/', from Harbor's external URL. A push by digest repeats the digest as the
// tag. Only one tag is reported a push. Charts and signatures look like images: there is no media
// type.
//
// Source: goharbor/harbor src/pkg/notifier/formats/*, src/pkg/notifier/handler/notification,
// src/jobservice/job/impl/notification.
#pragma once

#include "webhooks/cloud_event.h"
#include "webhooks/delivery.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::harbor {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

// The same event inside a CloudEvent, for receivers of CloudEvents.
Status read(const CloudEvent& event, Reading& reading);

}  // namespace linkspan::webhooks::harbor
