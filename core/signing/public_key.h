// PublicKey: what signatures are checked with. Immutable, copyable, usable from any thread.
#pragma once

#include "core/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace linkspan::signing {

class PublicKey {
public:
    // The first PEM "PUBLIC KEY" of the text, as `cosign generate-key-pair` and `openssl pkey
    // -pubout` write it: ECDSA on P-256, RSA of at least 2048 bits, or Ed25519.
    // Errors: InvalidInput.
    static Result<PublicKey> parse(std::string_view pem);

    // ECDSA and RSA (PKCS #1 v1.5) over SHA-256; Ed25519 over the message itself.
    [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;

    // "ECDSA P-256 sha256:0123456789abcdef": algorithm and the start of the digest of the key's DER
    // form, to tell keys apart in messages.
    [[nodiscard]] const std::string& name() const;

private:
    struct Impl;
    explicit PublicKey(std::shared_ptr<const Impl> impl) : impl_{std::move(impl)} {}
    std::shared_ptr<const Impl> impl_;
};

}  // namespace linkspan::signing
