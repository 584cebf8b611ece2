// Quay.io and Red Hat Quay: "Push to Repository" notifications.
//
// No signature, no id, no event name, no digest and no time: a hint. 10 s, 5 attempts, 30 s apart.
// Version 2 pushes carry one tag, the button "Test Notification" several. Other notifications to
// the same address (builds, vulnerabilities) have no updated_tags. docker_url is "host/ns/name", at
// some installations with https:// in front or empty. An owner's own JSON template needs `generic`.
//
// Source: quay/quay notifications/*.py, workers/notificationworker, data/queue.py.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::quay {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::quay
