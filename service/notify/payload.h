// A message as JSON for systems: `data` of webhooks and of CloudEvents. docs/notifications.md
// describes every member.
#pragma once

#include "service/notify/message.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace linkspan::notify {

nlohmann::ordered_json payload(const Message& message);
// As text; broken UTF-8 is replaced.
std::string dump(const nlohmann::ordered_json& json);

// "promotion.committed", "deployment.applied"
std::string event_type(const Message& message);

}  // namespace linkspan::notify
