// Whether a delivery proves that it comes from who may call the receiver.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"
#include "webhooks/shared_secret.h"

namespace linkspan::webhooks {

// The way that let the caller in. Errors: as verify(). Messages say which checks failed and name no
// secret. A receiver whose secrets are all empty lets nobody in.
Result<AuthScheme> authenticate(const RawDelivery& delivery, const Receiver& receiver);

// The secrets that are not empty: an empty one would make an empty header, or a signature that
// anybody can compute, valid.
Secrets usable_secrets(const Auth& auth);

}  // namespace linkspan::webhooks
