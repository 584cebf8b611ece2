#include "webhooks/authenticate.h"

#include "webhooks/hash.h"

#include <fmt/format.h>

#include <cctype>
#include <string>
#include <vector>

namespace linkspan::webhooks {
namespace {

Error unauthorized(std::string message) { return {Errc::Unauthorized, std::move(message)}; }

// An empty secret would make an empty header, or a signature that anybody can compute, valid.
Result<std::vector<Secret>> usable_secrets(const Auth& auth) {
    std::vector<Secret> usable;
    if (auth.secrets) {
        for (Secret& secret : auth.secrets->current()) {
            if (!secret.empty()) usable.push_back(std::move(secret));
        }
    }
    if (usable.empty()) return unauthorized("the receiver has no secret to check against");
    return usable;
}

// Every secret is tried, also after one matched: the time does not say which one it was.
template <class Matches>
bool any_secret(const std::vector<Secret>& secrets, Matches matches) {
    bool found = false;
    for (const Secret& secret : secrets) {
        const bool match = matches(secret);
        found = found || match;
    }
    return found;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view lower_prefix) {
    if (text.size() < lower_prefix.size()) return false;
    for (std::size_t i = 0; i < lower_prefix.size(); ++i) {
        if (std::tolower(static_cast<unsigned char>(text[i])) != lower_prefix[i]) return false;
    }
    return true;
}

// RFC 6750; the scheme's name has no case (RFC 9110, 11.1).
Status check_bearer(const RawDelivery& delivery, const std::vector<Secret>& secrets) {
    const auto header = delivery.headers.get("Authorization");
    if (!header) return unauthorized("no Authorization header");
    constexpr std::string_view kScheme = "bearer ";
    if (!starts_with_ignoring_case(*header, kScheme)) {
        return unauthorized("the Authorization header is not a bearer token");
    }
    std::string_view token = header->substr(kScheme.size());
    while (token.starts_with(' ')) token.remove_prefix(1);
    if (!any_secret(secrets, [&](const Secret& secret) { return secret.equals(token); })) {
        return unauthorized("the bearer token is not the receiver's");
    }
    return {};
}

Status check_hmac(
    const RawDelivery& delivery, const Auth& auth, const std::vector<Secret>& secrets
) {
    const auto header = delivery.headers.get(auth.header);
    if (!header) return unauthorized(fmt::format("no {} header", auth.header));
    if (!header->starts_with(auth.prefix)) {
        return unauthorized(
            fmt::format("the {} header does not begin with {}", auth.header, auth.prefix)
        );
    }
    const std::string_view signature = header->substr(auth.prefix.size());
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        const std::string expected =
            to_hex(hmac(HashAlgorithm::Sha256, secret.reveal(), delivery.body));
        return equal_constant_time(expected, signature);
    });
    if (!match) return unauthorized(fmt::format("the signature in {} is wrong", auth.header));
    return {};
}

}  // namespace

Status authenticate(const RawDelivery& delivery, const Auth& auth) {
    if (auth.scheme == AuthScheme::None) return {};
    LINKSPAN_TRY(secrets, usable_secrets(auth));
    switch (auth.scheme) {
        case AuthScheme::None:
            return {};
        case AuthScheme::Bearer:
            return check_bearer(delivery, secrets);
        case AuthScheme::Hmac:
            return check_hmac(delivery, auth, secrets);
    }
    return unauthorized("the receiver's authentication is unknown");
}

}  // namespace linkspan::webhooks
