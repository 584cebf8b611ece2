// GitLab project and group webhooks. None of their events names an image: a pipeline or job that
// succeeded does through the receiver's `fields`; GitLab's registry itself speaks `distribution`.
//
// X-Gitlab-Token is the secret itself; a signing token makes Standard Webhooks. webhook-id, equal
// to Idempotency-Key, is the id, the same on every retry. 10 s; hooks that fail are disabled for
// longer and longer.
//
// Source: gitlabhq app/services/web_hook_service.rb.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::gitlab {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::gitlab
