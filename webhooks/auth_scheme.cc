#include "webhooks/auth_scheme.h"

#include "webhooks/senders.h"

#include <algorithm>

namespace linkspan::webhooks {
namespace {

constexpr AuthSchemeName kNames[] = {
    {"none", AuthScheme::None, false},
    {"own", AuthScheme::Own, true},
    {"hmac", AuthScheme::Hmac, true},
    {"standard-webhooks", AuthScheme::StandardWebhooks, true},
    {"bearer", AuthScheme::Bearer, true},
    {"basic", AuthScheme::Basic, true},
    {"header", AuthScheme::Header, true},
    {"token", AuthScheme::Token, true},
    {"oidc", AuthScheme::Oidc, false},
    {"sns", AuthScheme::Sns, false},
    {"client-certificate", AuthScheme::ClientCertificate, false},
    {"circleci", AuthScheme::CircleCi, true},
    {"buildkite", AuthScheme::Buildkite, true},
    {"drone", AuthScheme::Drone, true},
};

}  // namespace

std::span<const AuthSchemeName> auth_scheme_names() { return kNames; }

std::optional<AuthScheme> parse_auth_scheme(std::string_view name) {
    for (const AuthSchemeName& row : kNames) {
        if (row.name == name) return row.scheme;
    }
    return std::nullopt;
}

std::string_view to_string(AuthScheme scheme) {
    for (const AuthSchemeName& row : kNames) {
        if (row.scheme == scheme) return row.name;
    }
    return "none";
}

Auth auth_of(std::string_view sender_type, AuthScheme scheme) {
    Auth auth;
    auth.scheme = scheme;
    const Sender* const sender = find_sender(sender_type);
    if (sender == nullptr) return auth;
    const auto recipe =
        std::find_if(sender->recipes.begin(), sender->recipes.end(), [&](const Recipe& one) {
            return one.scheme == scheme;
        });
    if (recipe != sender->recipes.end() && !recipe->header.empty()) {
        auth.header = recipe->header;
        auth.prefix = recipe->prefix;
        auth.hash = recipe->hash;
        auth.encoding = recipe->encoding;
    }
    if (sender_type == "google") auth.oidc.issuer = "https://accounts.google.com";
    return auth;
}

}  // namespace linkspan::webhooks
