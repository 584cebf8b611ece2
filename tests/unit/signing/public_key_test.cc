#include "core/signing/public_key.h"

#include "core/base64.h"
#include "tests/support/signing_key.h"

#include <gtest/gtest.h>

namespace linkspan::signing {
namespace {

using support::SigningKey;
using Kind = support::SigningKey::Kind;

TEST(PublicKeyTest, EveryKindVerifiesItsOwnAndNothingElse) {
    const std::pair<Kind, std::string> kinds[]{
        {Kind::EcdsaP256, "ECDSA P-256 sha256:"},
        {Kind::Rsa2048, "RSA 2048 sha256:"},
        {Kind::Ed25519, "Ed25519 sha256:"},
    };
    for (const auto& [kind, name] : kinds) {
        SCOPED_TRACE(name);
        const SigningKey key{kind};
        // RSA keys take a while to find, and one key is as strange as another.
        static const SigningKey other{Kind::EcdsaP256};
        const auto parsed = PublicKey::parse(key.public_pem());
        ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
        EXPECT_EQ(parsed->name().substr(0, name.size()), name);
        EXPECT_EQ(parsed->name().size(), name.size() + 16);
        const auto signature = from_base64(key.sign("message")).value();
        EXPECT_TRUE(parsed->verifies("message", signature));
        EXPECT_FALSE(parsed->verifies("massage", signature));
        EXPECT_FALSE(parsed->verifies("message", ""));
        EXPECT_FALSE(parsed->verifies("message", signature.substr(1)));
        EXPECT_FALSE(parsed->verifies("message", signature + "x"));
        EXPECT_FALSE(PublicKey::parse(other.public_pem()).value().verifies("message", signature));
    }
}

TEST(PublicKeyTest, WeakUnknownAndUnreadableKeysAreRefused) {
    struct Case {
        std::string pem, text;
    };
    for (const auto& c : std::vector<Case>{
             {SigningKey{Kind::Rsa1024}.public_pem(), "1024 bits"},
             {SigningKey{Kind::EcdsaP384}.public_pem(), "secp384r1"},
             {"", "BEGIN PUBLIC KEY"},
             {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "BEGIN PUBLIC KEY"},
             {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "BEGIN PUBLIC KEY"},
         }) {
        SCOPED_TRACE(c.text);
        const auto key = PublicKey::parse(c.pem);
        ASSERT_TRUE(key.has_error());
        EXPECT_EQ(key.error().kind, Errc::InvalidInput);
        EXPECT_NE(key.error().message.find(c.text), std::string::npos) << key.error().message;
    }
}

}  // namespace
}  // namespace linkspan::signing
