// Keys that tests make, sign with and publish; none of them outlives the test.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace linkspan::webhooks::testing {

class SigningKey {
public:
    static SigningKey rsa(unsigned bits = 2048);
    static SigningKey elliptic(const char* curve);  // "P-256", "P-384"
    static SigningKey ed25519();

    // `algorithm` as in JOSE; any hash is possible with any key, so that lies can be told.
    [[nodiscard]] std::string sign(std::string_view algorithm, std::string_view bytes) const;
    // {"kty":…,"kid":…,…more}
    [[nodiscard]] std::string jwk(const std::string& kid, const std::string& more = "") const;
    [[nodiscard]] std::string jwk_member(const std::string& name) const;
    // A certificate of a day, signed with itself.
    [[nodiscard]] std::string certificate() const;

private:
    explicit SigningKey(std::shared_ptr<void> key) : key_{std::move(key)} {}
    std::shared_ptr<void> key_;
};

std::string base64url(std::string_view bytes);

// "header.claims.signature"
std::string make_token(
    const SigningKey& key,
    const std::string& algorithm,
    const std::string& kid,
    const std::string& claims
);

}  // namespace linkspan::webhooks::testing
