// The table of senders: one row, one pair of files each.
#pragma once

#include "webhooks/auth_scheme.h"
#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <chrono>
#include <span>
#include <string_view>

namespace linkspan::webhooks {

struct Sender {
    std::string_view type;    // `type:` in the config
    std::string_view title;   // "CNCF Distribution"
    AuthScheme default_auth;  // when the receiver names none
    // The sender's own id of a delivery, empty when it has none: then the body's hash is the key.
    // Only called for deliveries that are authentic, and not where the signature covers an id.
    std::string (*delivery_id)(const RawDelivery&, const Receiver&);
    Result<ParsedDelivery> (*parse)(const RawDelivery&, const Receiver&);
    std::span<const Recipe> recipes;  // what AuthScheme::Own accepts
    // False: it has no way to prove its origin; at best the caller knows the URL.
    bool can_prove = true;
    bool takes_cloud_events = false;  // and so answers their OPTIONS handshake
    // How long an equal body is a retry. Where bodies name no time and no digest, the next push of
    // the same tag has the same body, and the window is what the sender's retries need.
    std::chrono::seconds body_window{std::chrono::minutes{5}};
};

std::span<const Sender> senders();
const Sender* find_sender(std::string_view type);  // nullptr when there is none

}  // namespace linkspan::webhooks
