// Any JSON: the receiver's `fields` say where image, tag and the other facts stand (field_map.h).
//
// Without `fields`: `image` or `name`, which may carry tag and digest, `tag`, `digest`, `revision`,
// as Keel's native format has them. A body that names no image is ignored, because CI systems send
// all their events to one address. webhook-id or Idempotency-Key is the id, or what `fields.id`
// names.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::generic {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::generic
