// What `linkspan webhook parse` prints.
#pragma once

#include "webhooks/delivery.h"

#include <string>

namespace linkspan::webhooks {

// {"events":[{"image","tag","digest","media_type","pushed_at","revision","source"}],"ignored":null}
// on one line; absent facts are null. Pushes that are set aside are in the list as well, each with
// one more member, "ignored": the reason. Reports of controllers are in "deployments", which is
// there only then. The outer "ignored" has the reason when the list is
// empty.
std::string to_json(const ParsedDelivery& parsed);

}  // namespace linkspan::webhooks
