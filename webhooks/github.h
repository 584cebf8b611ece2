// GitHub: `package` (repositories, organisations) and `registry_package` (GitHub Apps) events of
// GHCR, and of GitHub's earlier registry; other events through the receiver's `fields`.
//
// X-Hub-Signature-256 is HMAC-SHA256 of the body in hex, also of a form-encoded one, after
// "sha256=". X-GitHub-Delivery is the id, unchanged when somebody delivers again. 10 s, no
// automatic retry. One event per manifest: those of single platforms have an empty tag, and a
// version that is the digest, which is no tag. Owners and names may have upper-case letters,
// references have none.
//
// Source: github/docs webhook-events-and-payloads, validating-webhook-deliveries, issue 22091.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::github {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::github
