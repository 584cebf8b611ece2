// The names of authentication schemes in the config (`auth:`), and the ways in which each sender
// authenticates by itself.
#pragma once

#include "webhooks/receiver.h"

#include <optional>
#include <span>
#include <string_view>

namespace linkspan::webhooks {

struct AuthSchemeName {
    std::string_view name;  // "standard-webhooks"
    AuthScheme scheme;
    bool needs_secret;
};

std::span<const AuthSchemeName> auth_scheme_names();
std::optional<AuthScheme> parse_auth_scheme(std::string_view name);
std::string_view to_string(AuthScheme scheme);

// One way to authenticate: a row in a sender's list.
struct Recipe {
    AuthScheme scheme;
    std::string_view header{};
    std::string_view prefix{};
    HashAlgorithm hash = HashAlgorithm::Sha256;
    SignatureEncoding encoding = SignatureEncoding::Hex;
};

// `auth` with header, prefix, hash and encoding as this sender does them under `scheme`; where it
// has no such way of its own, the defaults of Auth. For the config's loader, before it applies what
// the config says.
Auth auth_of(std::string_view sender_type, AuthScheme scheme);

}  // namespace linkspan::webhooks
