// JFrog Artifactory: predefined webhooks of the domain docker, event pushed.
//
// X-JFrog-Event-Auth is the secret itself, or, with "use secret for payload signing", HMAC-SHA256
// of the body in hex. No id and no time. The repository is repo_key and the directories of `path`
// without tag and file (image_name is at times only the last part); for access by sub-domain or
// port, where repo_key is no part of the name, use `rewrite`. A push to a virtual repository
// reports the local one. image_type oci is a Helm chart or another artifact.
//
// Source: JFrog documentation, domain-docker; jfrog/terraform-provider-artifactory.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::jfrog {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::jfrog
