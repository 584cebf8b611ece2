#include "webhooks/authenticate.h"

#include "webhooks/jwt.h"
#include "webhooks/networks.h"
#include "webhooks/senders.h"
#include "webhooks/shared_secret.h"
#include "webhooks/sns.h"
#include "webhooks/standard_webhooks.h"
#include "webhooks/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace linkspan::webhooks {
namespace {

Verdict check_certificate(const RawDelivery& delivery, const Auth& auth) {
    if (delivery.client_names.empty()) return Verdict::absent("no client certificate");
    for (const std::string& name : delivery.client_names) {
        for (const std::string& pattern : auth.certificate_names) {
            if (wildcard_matches(pattern, name)) return Verdict::passed();
        }
    }
    return Verdict::refused("the client certificate is not one of the receiver's");
}

// Public keys (whpk_…) and certificates may stand among the secrets, for the schemes that verify
// with them. Everybody may know them: shown as a bearer token they prove nothing.
Secrets without_public(const Secrets& secrets) {
    Secrets shared;
    for (const Secret& secret : secrets) {
        const bool is_public = secret.reveal().starts_with("whpk_") ||
                               secret.reveal().find("-----BEGIN ") != std::string::npos;
        if (!is_public) shared.push_back(secret);
    }
    return shared;
}

Verdict check(
    const RawDelivery& delivery, const Auth& auth, const Recipe& recipe, const Secrets& secrets
) {
    switch (recipe.scheme) {
        case AuthScheme::None:
            return Verdict::passed();
        case AuthScheme::Oidc:
            return check_oidc(delivery, auth.oidc);
        case AuthScheme::Sns:
            return sns::check(delivery, auth.sns, secrets);
        case AuthScheme::ClientCertificate:
            return check_certificate(delivery, auth);
        default:
            break;
    }
    const bool takes_public_keys = recipe.scheme == AuthScheme::StandardWebhooks;
    const Secrets shared = takes_public_keys ? secrets : without_public(secrets);
    if (shared.empty()) {
        return Verdict::refused("the receiver has no secret to check against");
    }
    switch (recipe.scheme) {
        case AuthScheme::Bearer:
            return check_bearer(delivery, shared);
        case AuthScheme::Hmac:
            return check_hmac(delivery, recipe, shared);
        case AuthScheme::StandardWebhooks:
            return check_standard_webhooks(delivery, auth.tolerance, shared);
        case AuthScheme::Header:
            return check_header(delivery, recipe.header, shared);
        case AuthScheme::Basic:
            return check_basic(delivery, auth.username, shared);
        case AuthScheme::Token:
            return check_token(delivery, shared);
        case AuthScheme::CircleCi:
            return check_circleci(delivery, shared);
        case AuthScheme::Buildkite:
            return check_buildkite(delivery, auth.tolerance, shared);
        case AuthScheme::Drone:
            return check_drone(delivery, shared);
        case AuthScheme::None:
        case AuthScheme::Own:
        case AuthScheme::Oidc:
        case AuthScheme::Sns:
        case AuthScheme::ClientCertificate:
            break;
    }
    return Verdict::refused("the receiver's authentication is unknown");
}

// Several checks said no. What is wrong with the credentials that came says more than which others
// did not come; what could be right later says most.
Error summary(const std::vector<Verdict>& verdicts) {
    std::string refused;
    std::string absent;
    for (const Verdict& verdict : verdicts) {
        if (verdict.error.kind != Errc::Unauthorized) return verdict.error;
        std::string& list = verdict.kind == Verdict::Kind::Refused ? refused : absent;
        if (list.find(verdict.error.message) != std::string::npos) continue;
        list += (list.empty() ? "" : "; ") + verdict.error.message;
    }
    return {Errc::Unauthorized, refused.empty() ? absent : refused};
}

Status check_network(const RawDelivery& delivery, const Receiver& receiver) {
    if (receiver.networks.empty()) return {};
    const auto address = client_address(delivery, receiver.trusted_proxies);
    if (address && is_within(*address, receiver.networks)) return {};
    return Error{
        Errc::Unauthorized,
        fmt::format("{} is outside the receiver's networks", delivery.remote_address)};
}

}  // namespace

Secrets usable_secrets(const Auth& auth) {
    Secrets usable;
    if (!auth.secrets) return usable;
    for (Secret& secret : auth.secrets->current()) {
        if (!secret.empty()) usable.push_back(std::move(secret));
    }
    return usable;
}

Result<AuthScheme> authenticate(const RawDelivery& delivery, const Receiver& receiver) {
    const Status near = check_network(delivery, receiver);
    if (near.has_error()) return near.error();
    const Auth& auth = receiver.auth;
    const Recipe only{auth.scheme, auth.header, auth.prefix, auth.hash, auth.encoding};
    std::span<const Recipe> recipes{&only, 1};
    if (auth.scheme == AuthScheme::Own) {
        const Sender* const sender = find_sender(receiver.type);
        recipes = sender != nullptr ? sender->recipes : std::span<const Recipe>{};
    }
    const Secrets secrets = usable_secrets(auth);
    std::vector<Verdict> verdicts;
    for (const Recipe& recipe : recipes) {
        Verdict verdict = check(delivery, auth, recipe, secrets);
        if (verdict.kind == Verdict::Kind::Passed) return recipe.scheme;
        verdicts.push_back(std::move(verdict));
    }
    if (verdicts.empty()) {
        return Error{Errc::Unauthorized, "this sender has no way to authenticate; name one"};
    }
    return summary(verdicts);
}

}  // namespace linkspan::webhooks
