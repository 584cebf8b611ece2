// Receiver: one configured endpoint, POST /hooks/{name}: who may call it, how that is proven, what
// it may speak for.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "webhooks/field_map.h"
#include "webhooks/hash.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace linkspan::webhooks {

class KeySet;

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

// The keys of an OIDC issuer, as last fetched; null when they never could be. The service fetches
// (discovery, then the set), caches, and refetches at most so often; verify() only asks.
class KeySource {
public:
    virtual ~KeySource() = default;
    [[nodiscard]] virtual std::shared_ptr<const KeySet> current() const = 0;
};

// Certificates (PEM) by URL, as cached by the service; nullopt when it has not fetched that one
// yet. Only URLs that sns::certificate_url() let through are asked for.
class CertificateSource {
public:
    virtual ~CertificateSource() = default;
    [[nodiscard]] virtual std::optional<std::string> certificate(std::string_view url) const = 0;
};

// How a caller proves who it is. The names in the config are in auth_scheme.h.
enum class AuthScheme {
    None,    // not authenticated: events are hints
    Bearer,  // Authorization: Bearer <secret>, or the secret as the whole value
    Hmac,    // HMAC of the raw body, in `header`, after `prefix`
    // What the sender does by itself: any of the ways in its row of senders(). The secrets are the
    // same for all of them, so that whoever passes one knows a secret.
    Own,
    StandardWebhooks,   // webhook-id, webhook-timestamp, webhook-signature; within `tolerance`
    Header,             // `header` is the secret
    Basic,              // RFC 7617: `username` (empty: any) and the secret
    Token,              // the secret in the URL: /hooks/{receiver}/{secret}, or ?token=, ?secret=,
                        // ?access_token=. URLs end in logs: such events are hints
    Oidc,               // a signed token of an issuer, as bearer
    Sns,                // Amazon SNS message signature
    CircleCi,           // circleci-signature: v1=<hex HMAC-SHA256>
    Buildkite,          // X-Buildkite-Signature: timestamp=…,signature=…; within `tolerance`
    Drone,              // Signature: HMAC over Date and Digest (draft-cavage-http-signatures-10)
    ClientCertificate,  // TLS ends at us and the peer's certificate names one of
                        // `certificate_names`
};

enum class SignatureEncoding { Hex, Base64 };

struct OidcRules {
    std::string issuer;                  // exactly as in the token's `iss`
    std::vector<std::string> audiences;  // one of them must be in `aud`
    // Patterns over `sub`, one of which must match; '*' is any run, '/' and ':' included.
    std::vector<std::string> subjects;
    // Claims that must all be there, each matching one of its patterns. Numbers and booleans match
    // by their JSON text ("true", "42").
    std::vector<std::pair<std::string, std::vector<std::string>>> claims;
    std::chrono::seconds skew{60};  // for exp, nbf and iat
    std::shared_ptr<const KeySource> keys;
};

struct SnsRules {
    // Patterns over TopicArn; anybody with an account can sign for a topic of their own, so without
    // one nothing is let in.
    std::vector<std::string> topics;
    // A message whose Timestamp is older is refused; 0: any age. As long as ids of deliveries are
    // remembered, so that a replay is either a duplicate or too old.
    std::chrono::seconds max_age{std::chrono::hours{72}};
    std::shared_ptr<const CertificateSource> certificates;
};

struct Auth {
    AuthScheme scheme = AuthScheme::None;
    std::string header = "X-Linkspan-Signature-256";      // Hmac, Header
    std::string prefix = "sha256=";                       // Hmac
    HashAlgorithm hash = HashAlgorithm::Sha256;           // Hmac
    SignatureEncoding encoding = SignatureEncoding::Hex;  // Hmac
    std::string username;                                 // Basic
    std::chrono::seconds tolerance{300};                  // either side of now; 0: any age
    std::vector<std::string> certificate_names;           // ClientCertificate, patterns
    OidcRules oidc;
    SnsRules sns;
    std::shared_ptr<const SecretSource> secrets;
};

// "host/repository" that begins with `from` (a whole part of the path, or all of it) has it
// replaced: for proxy-cache projects, virtual repositories, names that only the registry knows.
struct Rewrite {
    std::string from;  // "harbor.example.com/dockerhub"
    std::string to;    // "docker.io"
};

struct Receiver {
    std::string name;
    std::string type;  // a row of senders(): "distribution", "ci", …
    Auth auth;
    // The registry host, for payloads that lack one, and in place of the payload's where
    // `override_host`.
    std::string registry;
    bool override_host = false;
    std::vector<Rewrite> rewrites;  // the first that fits
    // Globs over "host/repository" that this receiver may speak for; empty: all.
    std::vector<std::string> images;
    // Where the facts are in bodies of this deployment's own making (`generic`, CI events).
    FieldMap fields;
    // CIDR networks that may call; empty: all. X-Forwarded-For counts only behind these proxies.
    std::vector<std::string> networks;
    std::vector<std::string> trusted_proxies;
};

}  // namespace linkspan::webhooks
