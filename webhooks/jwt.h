// JSON Web Tokens (RFC 7519, best practices in RFC 8725), as CI systems and Google's Pub/Sub send
// them: signed, in compact form.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/json_view.h"
#include "webhooks/key_set.h"
#include "webhooks/receiver.h"
#include "webhooks/verdict.h"

#include <chrono>
#include <string_view>

namespace linkspan::webhooks {

inline constexpr std::size_t kLongestToken = 16384;

// The claims of a token that is what `rules` ask for. Pure: `rules.keys` is not looked at.
//
// The algorithm is one of ours and of the key's type, whatever the token says; keys and key
// addresses inside the token (jwk, jku, x5c, x5u) are never looked at; `crit` is refused; `exp` is
// required. Errors: Unauthorized; NotFound when the key set lacks the token's key.
Result<JsonDocument> verify_jwt(
    std::string_view token,
    const KeySet& keys,
    const OidcRules& rules,
    std::chrono::system_clock::time_point now
);

// Authorization: Bearer <token>.
Verdict check_oidc(const RawDelivery& delivery, const OidcRules& rules);

// For the config's loader. Errors: InvalidInput: no issuer, no audience; no subjects and no claims
// for an issuer that serves everybody (GitHub, gitlab.com, Google), where the audience alone would
// let in anybody's job.
Status check_oidc_rules(const OidcRules& rules);

}  // namespace linkspan::webhooks
