// The table of senders: one row, one pair of files each.
#pragma once

#include "webhooks/auth_scheme.h"
#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <span>
#include <string_view>

namespace linkspan::webhooks {

struct Sender {
    std::string_view type;    // `type:` in the config
    std::string_view title;   // "CNCF Distribution"
    AuthScheme default_auth;  // when the receiver names none
    // The sender's own id of a delivery, empty when it has none: then the body's hash is the key.
    // Only called for deliveries that are authentic.
    std::string (*delivery_id)(const RawDelivery&, const Receiver&);
    Result<ParsedDelivery> (*parse)(const RawDelivery&, const Receiver&);
    std::span<const Recipe> recipes;  // what AuthScheme::Own accepts
    // False: it has no way to prove its origin; at best the caller knows the URL.
    bool can_prove = true;
    bool takes_cloud_events = false;  // and so answers their OPTIONS handshake
};

std::span<const Sender> senders();
const Sender* find_sender(std::string_view type);  // nullptr when there is none

}  // namespace linkspan::webhooks
