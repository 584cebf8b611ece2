// Receiver: one configured endpoint, POST /hooks/{name}: who may call it, how that is proven, what
// it may speak for.
#pragma once

#include "core/secret.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::webhooks {

// Secrets as they are now: read again when their file changes, two at once during a rotation.
class SecretSource {
public:
    virtual ~SecretSource() = default;
    [[nodiscard]] virtual std::vector<Secret> current() const = 0;
};

class FixedSecrets final : public SecretSource {
public:
    explicit FixedSecrets(std::vector<Secret> secrets) : secrets_{std::move(secrets)} {}
    [[nodiscard]] std::vector<Secret> current() const override { return secrets_; }

private:
    std::vector<Secret> secrets_;
};

// How a caller proves who it is.
enum class AuthScheme {
    None,    // not authenticated: events are hints
    Bearer,  // Authorization: Bearer <secret>
    Hmac,    // HMAC-SHA256 of the raw body, hex, in `header`, after `prefix`
};

struct Auth {
    AuthScheme scheme = AuthScheme::None;
    std::string header = "X-Linkspan-Signature-256";  // Hmac
    std::string prefix = "sha256=";                   // Hmac
    std::shared_ptr<const SecretSource> secrets;
};

struct Receiver {
    std::string name;
    std::string type;  // a row of senders(): "distribution", "ci", …
    Auth auth;
    // The registry host, for payloads that lack one, and in place of the payload's where
    // `override_host`.
    std::string registry;
    bool override_host = false;
    // Globs over "host/repository" that this receiver may speak for; empty: all.
    std::vector<std::string> images;
};

}  // namespace linkspan::webhooks
