// Amazon ECR: EventBridge events as they are, as CloudEvents, and through SNS.
//
// "ECR Image Action" with action-type PUSH and result SUCCESS is a push; replication and
// pull-through caching make tags appear without one and are ignored, as are scans and deletions.
// The host is composed: <account>.dkr.ecr.<region>.amazonaws.com (.com.cn in China).
//
// EventBridge API destinations: 5 s, 24 h of retries, an API key in a header, basic or OAuth. SNS:
// sns.h; 15 s, by default 3 retries 20 s apart; a subscription must be confirmed.
//
// Source: Amazon ECR user guide, ecr-eventbridge; SNS developer guide.
#pragma once

#include "webhooks/cloud_event.h"
#include "webhooks/delivery.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"

#include <string>

namespace linkspan::webhooks::ecr {

std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
// com.amazon.ecr.*, as input transformers make them, and an EventBridge event as data.
Status read(const CloudEvent& event, Reading& reading);

}  // namespace linkspan::webhooks::ecr
