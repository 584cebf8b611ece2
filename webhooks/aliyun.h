// Alibaba Cloud Container Registry, personal and enterprise edition.
//
// No signature and no id: a hint. The body is like Docker Hub's, with repo_full_name, region and a
// digest. The host is not in it: the personal edition's is registry.<region>.aliyuncs.com, the
// enterprise edition's must come from `registry`. Names may have upper-case letters, which no
// client can pull by. pushed_at names no time zone and is passed on as it is.
//
// Source: argocd-image-updater pkg/webhook/aliyun_acr.go; rancher/webhook-service issue 70.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::aliyun {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);

}  // namespace linkspan::webhooks::aliyun
