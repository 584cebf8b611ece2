// Argo CD: what its notifications send with the template of docs/notifications.md:
// {"app", "namespace", "revision" or "revisions", "branch", "phase", "sync_status",
// "health_status", "message", "finished_at"}.
//
// Applied: the operation succeeded and the application is healthy. Failed: the operation failed, or
// the application is degraded. All else is progress.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::argocd {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::argocd
