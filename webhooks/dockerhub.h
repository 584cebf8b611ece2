// Docker Hub: POST with push_data and repository; the only trigger is a push.
//
// It signs nothing, sends no id and no digest, and documents neither timeout nor retries: a hint.
// The address that it calls can hold a secret. callback_url is never called. pushed_at is in Unix
// seconds, as an integer or a float. push_data.media_type, undocumented, tells Helm charts.
//
// Source: docker/docs, content/manuals/docker-hub/repos/manage/webhooks.md (2025).
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::dockerhub {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::dockerhub
