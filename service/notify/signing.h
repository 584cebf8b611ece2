// Signatures over what is sent, as receivers check them.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/transport/http_client.h"

#include <chrono>
#include <string>
#include <string_view>

namespace linkspan::notify {

// "sha256=" and the hex HMAC-SHA256 of the body.
std::string hmac_sha256_header(const Secret& secret, std::string_view body);

// Standard Webhooks 1.0: adds webhook-id, webhook-timestamp and webhook-signature over the
// request's body. The secret is base64, with or without "whsec_". Errors: InvalidInput when it is
// not. https://github.com/standard-webhooks/standard-webhooks
Status sign_standard(
    transport::HttpRequest& request,
    const Secret& secret,
    const std::string& id,
    std::chrono::system_clock::time_point now
);

}  // namespace linkspan::notify
