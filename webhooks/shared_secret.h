// Callers that show a secret, or a code made with it.
//
// Every check tries all secrets, also after one fitted, and compares in constant time: the time
// says neither how much of a guess was right nor which secret it was.
#pragma once

#include "core/secret.h"
#include "webhooks/auth_scheme.h"
#include "webhooks/delivery.h"
#include "webhooks/verdict.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::webhooks {

using Secrets = std::vector<Secret>;

Verdict check_bearer(const RawDelivery& delivery, const Secrets& secrets);
Verdict check_header(const RawDelivery& delivery, std::string_view header, const Secrets& secrets);
Verdict check_basic(const RawDelivery& delivery, std::string_view username, const Secrets& secrets);
Verdict check_token(const RawDelivery& delivery, const Secrets& secrets);

Verdict check_hmac(const RawDelivery& delivery, const Recipe& recipe, const Secrets& secrets);
// https://circleci.com/docs/webhooks/: "v1=…,v2=…"; only v1 exists.
Verdict check_circleci(const RawDelivery& delivery, const Secrets& secrets);
// https://buildkite.com/docs/apis/webhooks: HMAC-SHA256 of "<timestamp>.<body>".
Verdict check_buildkite(
    const RawDelivery& delivery, std::chrono::seconds tolerance, const Secrets& secrets
);
// drone/drone, service/hook: Digest over the body, HMAC-SHA256 over the lines of Date and Digest.
Verdict check_drone(const RawDelivery& delivery, const Secrets& secrets);

// What these two sign, beside the body; nullopt when the headers are not theirs.
std::optional<std::string> buildkite_signed_text(const RawDelivery& delivery);
std::optional<std::string> drone_signed_text(const RawDelivery& delivery);

// Whether a Unix time in decimal is within `tolerance` of `now`; 0: any is. nullopt: no number.
std::optional<bool> is_recent(
    std::string_view seconds,
    std::chrono::system_clock::time_point now,
    std::chrono::seconds tolerance
);

// True when `matches` accepts one of the secrets; always asks about all of them.
template <class Matches>
bool any_secret(const Secrets& secrets, Matches matches) {
    bool found = false;
    for (const Secret& secret : secrets) {
        const bool match = matches(secret);
        found = found || match;
    }
    return found;
}

}  // namespace linkspan::webhooks
