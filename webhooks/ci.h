// Linkspan's own format, for CI jobs: `linkspan notify`, or curl.
//
//   {"image": "registry.example.com/acme/app", "tag": "1.4.2", "digest": "sha256:…",
//    "revision": "…", "source": "https://…", "build_url": "https://…", "actor": "…"}
//
// or a list of such objects. `image` may carry the tag and the digest (host/repo:tag@sha256:…);
// `tag` or `digest` beside it must then say the same. Other members are ignored. The header
// Idempotency-Key is the delivery's id: send the same one with a retry.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::ci {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::ci
