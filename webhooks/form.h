// application/x-www-form-urlencoded: query strings, and the bodies that GitHub and Gitea send when
// they are told to.
#pragma once

#include "webhooks/delivery.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::webhooks {

// The first value of a field, decoded; nullopt when it is not there or its escapes are malformed.
std::optional<std::string> form_field(std::string_view encoded, std::string_view name);

// "%3A" → ":"; nullopt when an escape is malformed. '+' stays.
std::optional<std::string> percent_decode(std::string_view text);

// The JSON of a delivery: its body, or the field `payload` of a form. Signatures are over the body
// as it was sent.
std::string json_text(const RawDelivery& delivery);

}  // namespace linkspan::webhooks
