// SigningKey: a key pair of the test's own, to make signatures as cosign would.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace linkspan::support {

class SigningKey {
public:
    enum class Kind { EcdsaP256, EcdsaP384, Rsa2048, Rsa1024, Ed25519 };
    explicit SigningKey(Kind kind);  // throws
    ~SigningKey();
    SigningKey(SigningKey&&) noexcept;

    [[nodiscard]] std::string public_pem() const;
    // ECDSA and RSA over SHA-256, Ed25519 over the message; base64.
    [[nodiscard]] std::string sign(std::string_view message) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::support
