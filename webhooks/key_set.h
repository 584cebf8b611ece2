// KeySet: a JSON Web Key Set (RFC 7517), as OIDC issuers publish it, and the document that says
// where it is.
//
// Immutable after parsing, usable from any thread. Symmetric keys are never taken in: a public set
// that holds one holds no secret.
#pragma once

#include "core/result.h"
#include "webhooks/public_key.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::webhooks {

class KeySet {
public:
    static constexpr std::size_t kMaxKeys = 64;

    // Keys that can't be used (another type, for encryption, weak, malformed) are passed over:
    // issuers publish keys for others as well. Errors: InvalidInput when it is no key set at all.
    static Result<KeySet> parse(std::string_view json);

    enum class Answer { Verified, Wrong, NoSuchKey };
    // `algorithm` as in a token's header; only those of kAlgorithms are known, and a key serves
    // only the algorithms of its own type. Without `kid` every key that serves is tried.
    [[nodiscard]] Answer verify(
        std::string_view algorithm,
        std::optional<std::string_view> kid,
        std::string_view bytes,
        std::string_view signature
    ) const;

    [[nodiscard]] std::size_t size() const { return keys_.size(); }

    // RS256, RS384, RS512, ES256, ES384, EdDSA. Never none, never HMAC.
    static bool knows(std::string_view algorithm);

private:
    struct Entry {
        std::string kid;        // empty: none
        std::string algorithm;  // empty: any that fits the type
        PublicKey key;
    };
    std::vector<Entry> keys_;
};

// `jwks_uri` of a discovery document. Errors: InvalidInput, also when the document is for another
// issuer (OpenID Connect Discovery 1.0, 4.3) or the address is not https (http only where the
// issuer itself is).
Result<std::string> read_discovery(std::string_view json, std::string_view issuer);

}  // namespace linkspan::webhooks
