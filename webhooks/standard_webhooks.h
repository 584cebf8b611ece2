// Standard Webhooks 1.0: what GitLab's signing tokens, Svix and many others send.
//
// webhook-signature holds one or more "<version>,<base64>" separated by blanks; any that fits lets
// in, unknown versions are passed over. v1: HMAC-SHA256 over "<id>.<timestamp>.<body>" with the
// bytes of a whsec_ secret. v1a: Ed25519 over the same, with a whpk_ public key.
//
// https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
#pragma once

#include "webhooks/shared_secret.h"

namespace linkspan::webhooks {

Verdict check_standard_webhooks(
    const RawDelivery& delivery, std::chrono::seconds tolerance, const Secrets& secrets
);

}  // namespace linkspan::webhooks
