// Gitea and Forgejo: package events of container packages.
//
// X-Gitea-Signature (X-Forgejo-Signature) is HMAC-SHA256 of the body in hex, empty without a
// secret; the same comes as X-Hub-Signature-256. They also send X-GitHub-Event. X-Gitea-Delivery is
// the id. JSON or form. One event per manifest: those of single platforms have the digest as
// version. Name and version come in lower case. The host is only in html_url. No digest for tags.
// 5 s, no automatic retry.
//
// Source: go-gitea/gitea services/webhook/deliver.go, modules/structs/package.go.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::gitea {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::gitea
