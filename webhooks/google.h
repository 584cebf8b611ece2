// Google Artifact Registry and Container Registry, through Pub/Sub push.
//
// The envelope carries base64 of {"action", "digest", "tag"}, each a full reference; with payload
// unwrapping the body is that JSON itself. A tag was pushed when action is INSERT and there is a
// tag. OIDC token as bearer (RS256, issuer accounts.google.com, the audience and the service
// account's email as set on the subscription). Acknowledged by 102, 200, 201, 202, 204; all else
// comes again for 7 days. message.messageId is the id.
//
// Source: cloud.google.com, artifact-registry configure-notifications, pubsub push.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::google {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::google
