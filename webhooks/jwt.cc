#include "webhooks/jwt.h"

#include "core/base64.h"
#include "webhooks/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::webhooks {
namespace {

Error unauthorized(std::string message) { return {Errc::Unauthorized, std::move(message)}; }

struct Parts {
    std::string_view signed_part;
    std::string_view header;
    std::string_view claims;
    std::string_view signature;
};

std::optional<Parts> split(std::string_view token) {
    const auto first = token.find('.');
    const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    // Five parts would be an encrypted token.
    if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{
        token.substr(0, second),
        token.substr(0, first),
        token.substr(first + 1, second - first - 1),
        token.substr(second + 1)};
}

Result<JsonDocument> json_part(std::string_view encoded, const char* name) {
    const auto text = from_base64url(encoded);
    if (!text) return unauthorized(fmt::format("the token's {} is not base64url", name));
    auto document = JsonDocument::parse(*text);
    if (document.has_error() || !document->root().is_object()) {
        return unauthorized(fmt::format("the token's {} is not a JSON object", name));
    }
    return document;
}

// Whether a claim, or one element of it when it is a list, is what `accepts` wants.
template <class Accepts>
bool any_value(const JsonView& claim, Accepts accepts) {
    if (!claim.is_array()) {
        const auto value = claim.scalar();
        return value && accepts(*value);
    }
    for (std::size_t i = 0; i < claim.size(); ++i) {
        const auto value = claim[i].scalar();
        if (value && accepts(*value)) return true;
    }
    return false;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view value) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return wildcard_matches(pattern, value);
    });
}

// Google writes its own with and without the scheme.
bool is_issuer(std::string_view said, std::string_view expected) {
    constexpr std::string_view kGoogle = "accounts.google.com";
    constexpr std::string_view kGoogleUrl = "https://accounts.google.com";
    if (expected.empty()) return false;
    if (expected == kGoogle || expected == kGoogleUrl) {
        return said == kGoogle || said == kGoogleUrl;
    }
    return said == expected;
}

// https, Google's name without a scheme, or http to the host itself.
bool is_safe_issuer(std::string_view issuer) {
    if (issuer.starts_with("https://") || issuer == "accounts.google.com") return true;
    constexpr std::string_view kHttp = "http://";
    if (!issuer.starts_with(kHttp)) return false;
    std::string_view host = issuer.substr(kHttp.size());
    host = host.substr(0, host.find('/'));
    if (host.find('@') != std::string_view::npos) return false;
    if (host.starts_with('[')) return host.substr(0, host.find(']') + 1) == "[::1]";
    host = host.substr(0, host.find(':'));
    // Digits and dots alone: "127.0.0.1.example.com" is somewhere else.
    return host == "localhost" || (host.starts_with("127.") &&
                                   host.find_first_not_of("0123456789.") == std::string_view::npos);
}

Status check_times(
    const JsonView& claims,
    std::chrono::seconds skew,
    std::chrono::system_clock::time_point now_point
) {
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(now_point.time_since_epoch()).count();
    const auto expires = claims["exp"].integer();
    if (!expires) return unauthorized("the token has no exp");
    if (now - skew.count() >= *expires) return unauthorized("the token has expired");
    for (const char* const name : {"nbf", "iat"}) {
        if (!claims[name].exists()) continue;
        const auto time = claims[name].integer();
        if (!time) return unauthorized(fmt::format("the token's {} is no number", name));
        if (now + skew.count() < *time) {
            return unauthorized(fmt::format("the token's {} is in the future", name));
        }
    }
    return {};
}

Status check_claims(const JsonView& claims, const OidcRules& rules) {
    const auto is_ours = [&](const std::string& audience) {
        return std::find(rules.audiences.begin(), rules.audiences.end(), audience) !=
               rules.audiences.end();
    };
    if (!any_value(claims["aud"], is_ours)) {
        return unauthorized("the token is for another audience");
    }
    const std::string subject = claims["sub"].text().value_or("");
    if (!rules.subjects.empty() && !matches_any(rules.subjects, subject)) {
        return unauthorized(
            fmt::format("the subject \"{}\" fits none of the receiver's", shown(subject))
        );
    }
    for (const auto& rule : rules.claims) {
        const JsonView claim = claims[std::string_view{rule.first}];
        const auto fits = [&](const std::string& value) { return matches_any(rule.second, value); };
        if (!any_value(claim, fits)) {
            return unauthorized(fmt::format(
                "the claim {} is \"{}\", which fits none of the receiver's patterns",
                rule.first,
                shown(claim.scalar().value_or("absent, or a list"))
            ));
        }
    }
    return {};
}

}  // namespace

Result<JsonDocument> verify_jwt(
    std::string_view token,
    const KeySet& keys,
    const OidcRules& rules,
    std::chrono::system_clock::time_point now
) {
    if (token.size() > kLongestToken) return unauthorized("the token is too long");
    const auto parts = split(token);
    if (!parts)
        return unauthorized("the bearer token is not a signed token (header.claims.signature)");

    LINKSPAN_TRY(header, json_part(parts->header, "header"));
    const JsonView fields = header.root();
    const std::string algorithm = fields["alg"].text().value_or("");
    if (!KeySet::knows(algorithm)) {
        return unauthorized(fmt::format(
            "the token's algorithm \"{}\" is not one of RS256, RS384, RS512, ES256, ES384, EdDSA",
            shown(algorithm)
        ));
    }
    if (fields.has("crit")) return unauthorized("the token has critical extensions");
    if (fields.has("kid") && !fields["kid"].is_string()) {
        return unauthorized("the token's kid is no string");
    }

    LINKSPAN_TRY(claims, json_part(parts->claims, "claims"));
    // Before the signature: a token of another issuer is no reason to fetch keys again.
    if (!is_issuer(claims.root()["iss"].text().value_or(""), rules.issuer)) {
        return unauthorized(fmt::format(
            "the token is from the issuer \"{}\"", shown(claims.root()["iss"].text().value_or(""))
        ));
    }
    const auto signature = from_base64url(parts->signature);
    if (!signature) return unauthorized("the token's signature is not base64url");
    const auto kid = fields["kid"].text();
    switch (keys.verify(algorithm, kid, parts->signed_part, *signature)) {
        case KeySet::Answer::Verified:
            break;
        case KeySet::Answer::Wrong:
            return unauthorized("the token's signature is wrong");
        case KeySet::Answer::NoSuchKey:
            return Error{
                Errc::NotFound,
                fmt::format("the issuer's key set has no key \"{}\"", shown(kid.value_or("")))};
    }
    const Status timely = check_times(claims.root(), rules.skew, now);
    if (timely.has_error()) return timely.error();
    const Status fitting = check_claims(claims.root(), rules);
    if (fitting.has_error()) return fitting.error();
    return std::move(claims);
}

Verdict check_oidc(const RawDelivery& delivery, const OidcRules& rules) {
    constexpr std::string_view kScheme = "bearer ";
    const auto header = delivery.headers.get("Authorization");
    if (!header || !starts_with_ignoring_case(*header, kScheme)) {
        return Verdict::absent("no bearer token");
    }
    const Status sound = check_oidc_rules(rules);
    if (sound.has_error()) return Verdict::refused(sound.error().message);
    const auto keys = rules.keys ? rules.keys->current() : nullptr;
    if (!keys) {
        return Verdict::refused(Error{
            Errc::Unavailable, fmt::format("the keys of {} are not there yet", rules.issuer)});
    }
    const auto claims =
        verify_jwt(trim(header->substr(kScheme.size())), *keys, rules, delivery.received_at);
    if (claims.has_error()) return Verdict::refused(claims.error());
    return Verdict::passed();
}

Status check_oidc_rules(const OidcRules& rules) {
    if (rules.issuer.empty()) return Error{Errc::InvalidInput, "an issuer is needed"};
    if (rules.audiences.empty()) return Error{Errc::InvalidInput, "an audience is needed"};
    if (!is_safe_issuer(rules.issuer)) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "the issuer {} is not https, and so its keys are anybody's; http is for this host "
                "alone",
                rules.issuer
            )};
    }
    // Who may ask an issuer for a token can't be seen from its name.
    if (rules.subjects.empty() && rules.claims.empty()) {
        return Error{
            Errc::InvalidInput,
            fmt::format("anybody gets a token from {}: add subjects or claims", rules.issuer)};
    }
    return {};
}

}  // namespace linkspan::webhooks
