// Whether a delivery proves that it comes from who may call the receiver.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

namespace linkspan::webhooks {

// Errors: Unauthorized, whose message says which check failed and names no secret. A receiver whose
// secrets are all empty lets nobody in.
Status authenticate(const RawDelivery& delivery, const Auth& auth);

}  // namespace linkspan::webhooks
