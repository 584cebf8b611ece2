// Verifying signatures with public keys, over OpenSSL, whose types stay in public_key.cc.
#pragma once

#include "core/result.h"
#include "webhooks/hash.h"

#include <memory>
#include <string>
#include <string_view>

namespace linkspan::webhooks {

enum class KeyKind { Rsa, P256, P384, Ed25519 };

// An immutable public key, usable from any thread.
class PublicKey {
public:
    // Big-endian modulus and exponent. Errors: InvalidInput, also for less than 2048 bits.
    static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
    // Affine coordinates, big-endian, of the curve's full length. `kind`: P256 or P384.
    static Result<PublicKey> elliptic(KeyKind kind, std::string_view x, std::string_view y);
    static Result<PublicKey> ed25519(std::string_view bytes);
    // The key of a PEM certificate, whose own validity is not looked at.
    static Result<PublicKey> of_certificate(std::string_view pem);

    [[nodiscard]] KeyKind kind() const { return kind_; }

    // RSA: PKCS #1 v1.5 with `hash`. Elliptic: r and s, each of the curve's length (RFC 7518, 3.4).
    // Ed25519 ignores `hash`.
    [[nodiscard]] bool verifies(
        HashAlgorithm hash, std::string_view bytes, std::string_view signature
    ) const;

private:
    PublicKey(KeyKind kind, std::shared_ptr<const void> key) : kind_{kind}, key_{std::move(key)} {}
    KeyKind kind_;
    std::shared_ptr<const void> key_;
};

bool verify_ed25519(std::string_view key, std::string_view bytes, std::string_view signature);

}  // namespace linkspan::webhooks
