#include "webhooks/jwt.h"

#include "core/base64.h"
#include "tests/unit/webhooks/key_maker.h"
#include "tests/unit/webhooks/support.h"
#include "webhooks/authenticate.h"
#include "webhooks/hash.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace linkspan::webhooks {
namespace {

using nlohmann::json;
using testing::base64url;
using testing::make_token;
using testing::SigningKey;
using Clock = std::chrono::system_clock;

constexpr std::int64_t kNow = 1700000000;
const Clock::time_point kClock{std::chrono::seconds{kNow}};

// Making RSA keys takes long: each sort once.
struct Keys {
    SigningKey rsa = SigningKey::rsa();
    SigningKey p256 = SigningKey::elliptic("P-256");
    SigningKey p384 = SigningKey::elliptic("P-384");
    SigningKey ed25519 = SigningKey::ed25519();
};
const Keys& keys() {
    static const Keys made;
    return made;
}

std::string set_of(const std::vector<std::string>& jwks) {
    return fmt::format(R"({{"keys":[{}]}})", fmt::join(jwks, ","));
}

KeySet key_set() {
    return *KeySet::parse(set_of({
        keys().rsa.jwk("rsa", R"(,"use":"sig","alg":"RS256")"),
        keys().rsa.jwk("rsa-any"),
        keys().p256.jwk("p256"),
        keys().p384.jwk("p384"),
        keys().ed25519.jwk("ed"),
    }));
}

json claims() {
    return {
        {"iss", "https://issuer.example.com"},
        {"aud", "linkspan"},
        {"sub", "repo:acme/app:ref:refs/heads/main"},
        {"iat", kNow - 10},
        {"nbf", kNow - 10},
        {"exp", kNow + 300},
        {"repository", "acme/app"},
        {"ref_protected", true},
        {"run", 7},
    };
}

OidcRules rules() {
    OidcRules rules;
    rules.issuer = "https://issuer.example.com";
    rules.audiences = {"other", "linkspan"};
    rules.subjects = {"repo:acme/*:ref:refs/heads/main"};
    return rules;
}

std::string error_for(const std::string& token, const OidcRules& asked = rules()) {
    const auto verified = verify_jwt(token, key_set(), asked, kClock);
    return verified.has_error() ? verified.error().message : "";
}

std::string good_token() { return make_token(keys().rsa, "RS256", "rsa", claims().dump()); }

TEST(JwtTest, EveryAlgorithmWithItsKey) {
    const struct {
        const char* algorithm;
        const SigningKey& key;
        const char* kid;
    } kCases[] = {
        {"RS256", keys().rsa, "rsa"},
        {"RS384", keys().rsa, "rsa-any"},
        {"RS512", keys().rsa, "rsa-any"},
        {"ES256", keys().p256, "p256"},
        {"ES384", keys().p384, "p384"},
        {"EdDSA", keys().ed25519, "ed"},
        {"ES256", keys().p256, ""},
        {"RS256", keys().rsa, ""},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(std::string{test.algorithm} + " " + test.kid);
        const std::string token = make_token(test.key, test.algorithm, test.kid, claims().dump());
        const auto verified = verify_jwt(token, key_set(), rules(), kClock);
        ASSERT_TRUE(verified) << testing::error_of(verified);
        EXPECT_EQ(verified->root()["repository"].text(), "acme/app");
    }
}

TEST(JwtTest, EveryAlteredByteIsRefused) {
    const std::string token = make_token(keys().p256, "ES256", "p256", claims().dump());
    ASSERT_EQ(error_for(token), "");
    const KeySet set = key_set();
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string altered = token;
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(verify_jwt(altered, set, rules(), kClock)) << "byte " << i;
    }
}

TEST(JwtTest, LiesAboutTheAlgorithm) {
    const std::string body = base64url(claims().dump());
    const auto with_header = [&](const std::string& header) {
        return base64url(header) + "." + body;
    };
    // No signature at all.
    for (const char* const none : {"none", "None", "NONE", "nOnE", ""}) {
        const std::string text = with_header(fmt::format(R"({{"alg":"{}"}})", none));
        EXPECT_NE(error_for(text + "."), "") << none;
    }
    EXPECT_NE(error_for(with_header("{}") + "."), "");
    EXPECT_NE(error_for(with_header(R"({"alg":null})") + "."), "");
    EXPECT_NE(error_for(with_header(R"({"alg":["RS256"]})") + "."), "");

    // HMAC with what is public as the key.
    for (const std::string& key :
         {keys().rsa.jwk("rsa"),
          keys().rsa.jwk_member("n"),
          *from_base64url(keys().rsa.jwk_member("n"))}) {
        const std::string text = with_header(R"({"alg":"HS256","kid":"rsa"})");
        const std::string token = text + "." + base64url(hmac(HashAlgorithm::Sha256, key, text));
        EXPECT_NE(error_for(token), "");
    }

    // The right key under an algorithm that is not the key's.
    EXPECT_EQ(
        error_for(make_token(keys().rsa, "RS512", "rsa", claims().dump())),
        "the token's signature is wrong"
    );
    EXPECT_NE(error_for(make_token(keys().p384, "ES256", "p384", claims().dump())), "");
    EXPECT_NE(error_for(make_token(keys().p256, "ES256", "rsa", claims().dump())), "");
    EXPECT_NE(error_for(make_token(keys().rsa, "PS256", "rsa-any", claims().dump())), "");
    EXPECT_NE(error_for(make_token(keys().rsa, "RS1", "rsa-any", claims().dump())), "");

    // A token that brings its own key.
    const auto stranger = SigningKey::elliptic("P-256");
    const std::string text =
        with_header(fmt::format(R"({{"alg":"ES256","jwk":{}}})", stranger.jwk("p256")));
    EXPECT_NE(error_for(text + "." + base64url(stranger.sign("ES256", text))), "");
    const std::string critical =
        with_header(R"({"alg":"ES256","kid":"p256","crit":["b64"],"b64":false})");
    EXPECT_EQ(
        error_for(critical + "." + base64url(keys().p256.sign("ES256", critical))),
        "the token has critical extensions"
    );
}

TEST(JwtTest, EllipticSignaturesHaveOneForm) {
    const std::string text =
        base64url(R"({"alg":"ES256","kid":"p256"})") + "." + base64url(claims().dump());
    const std::string raw = keys().p256.sign("ES256", text);
    EXPECT_EQ(error_for(text + "." + base64url(raw)), "");
    EXPECT_NE(error_for(text + "." + base64url(raw + '\0')), "");
    EXPECT_NE(error_for(text + "." + base64url(raw.substr(1))), "");
    EXPECT_NE(error_for(text + "." + base64url(std::string(64, '\0'))), "");
    EXPECT_NE(error_for(text + "." + base64url("")), "");
}

TEST(JwtTest, UnknownKeysAreNotFound) {
    const auto stranger = SigningKey::elliptic("P-256");
    const auto verified = verify_jwt(
        make_token(stranger, "ES256", "new-key", claims().dump()), key_set(), rules(), kClock
    );
    ASSERT_TRUE(verified.has_error());
    EXPECT_EQ(verified.error().kind, Errc::NotFound);
    // Nobody makes us fetch keys with a token of another issuer.
    json other = claims();
    other["iss"] = "https://evil.example.com";
    const auto foreign = verify_jwt(
        make_token(stranger, "ES256", "new-key", other.dump()), key_set(), rules(), kClock
    );
    ASSERT_TRUE(foreign.has_error());
    EXPECT_EQ(foreign.error().kind, Errc::Unauthorized);
}

TEST(JwtTest, Claims) {
    const struct {
        const char* name;
        json change;  // merged over the good claims; null removes
        bool valid;
    } kCases[] = {
        {"as they should be", json::object(), true},
        {"audience in a list", {{"aud", {"x", "linkspan"}}}, true},
        {"other audience", {{"aud", "linkspan2"}}, false},
        {"audience in another case", {{"aud", "Linkspan"}}, false},
        {"no audience", {{"aud", nullptr}}, false},
        {"audience is a number", {{"aud", 5}}, false},
        {"empty list of audiences", {{"aud", json::array()}}, false},
        {"other issuer", {{"iss", "https://issuer.example.com/"}}, false},
        {"no issuer", {{"iss", nullptr}}, false},
        {"issuer in a list", {{"iss", {"https://issuer.example.com"}}}, false},
        {"other subject", {{"sub", "repo:acme/app:ref:refs/heads/dev"}}, false},
        {"no subject", {{"sub", nullptr}}, false},
        {"expired within the skew", {{"exp", kNow - 59}}, true},
        {"expired", {{"exp", kNow - 60}}, false},
        {"no expiry", {{"exp", nullptr}}, false},
        {"expiry as text", {{"exp", "1700000300"}}, false},
        {"expiry as a fraction", {{"exp", kNow + 300.5}}, true},
        {"expiry beyond all numbers", {{"exp", 1e300}}, false},
        {"valid soon, within the skew", {{"nbf", kNow + 60}}, true},
        {"not valid yet", {{"nbf", kNow + 61}}, false},
        {"no not-before", {{"nbf", nullptr}}, true},
        {"not-before as text", {{"nbf", "soon"}}, false},
        {"issued in the future", {{"iat", kNow + 61}}, false},
        {"no time of issue", {{"iat", nullptr}}, true},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        json changed = claims();
        changed.merge_patch(test.change);
        const std::string token = make_token(keys().p256, "ES256", "p256", changed.dump());
        EXPECT_EQ(error_for(token).empty(), test.valid) << error_for(token);
    }
}

TEST(JwtTest, ClaimPatterns) {
    const std::string token = good_token();
    const struct {
        std::vector<std::pair<std::string, std::vector<std::string>>> asked;
        bool valid;
    } kCases[] = {
        {{{"repository", {"acme/*"}}}, true},
        {{{"repository", {"other/*", "acme/app"}}}, true},
        {{{"repository", {"other/*"}}}, false},
        {{{"repository", {}}}, false},
        {{{"ref_protected", {"true"}}, {"run", {"7"}}}, true},
        {{{"ref_protected", {"true"}}, {"run", {"8"}}}, false},
        {{{"absent", {"*"}}}, false},
    };
    for (const auto& test : kCases) {
        OidcRules asked = rules();
        asked.subjects.clear();
        asked.claims = test.asked;
        EXPECT_EQ(error_for(token, asked).empty(), test.valid);
    }
}

TEST(JwtTest, WhatIsNoTokenIsRefused) {
    const std::string good = good_token();
    for (const std::string& token :
         {std::string{},
          std::string{"."},
          std::string{".."},
          std::string{"..."},
          good + ".x",
          good + "=",
          good.substr(0, good.rfind('.')),
          std::string(20000, 'a'),
          base64url("[]") + ".e30.x",
          base64url("{") + ".e30.x"}) {
        EXPECT_NE(error_for(token), "") << token.substr(0, 40);
    }
}

struct Publisher final : KeySource {
    std::shared_ptr<const KeySet> set;
    [[nodiscard]] std::shared_ptr<const KeySet> current() const override { return set; }
};

TEST(OidcAuthTest, ThroughTheReceiver) {
    const auto publisher = std::make_shared<Publisher>();
    Receiver receiver = testing::open_receiver("ci");
    receiver.auth.scheme = AuthScheme::Oidc;
    receiver.auth.oidc = rules();
    receiver.auth.oidc.keys = publisher;
    RawDelivery delivery =
        testing::delivery_of("{}", {{"Authorization", "Bearer " + good_token()}});
    delivery.received_at = kClock;

    EXPECT_EQ(authenticate(delivery, receiver).error().kind, Errc::Unavailable);
    publisher->set = std::make_shared<KeySet>(*KeySet::parse(set_of({})));
    EXPECT_EQ(authenticate(delivery, receiver).error().kind, Errc::NotFound);
    publisher->set = std::make_shared<KeySet>(key_set());
    const auto way = authenticate(delivery, receiver);
    ASSERT_TRUE(way) << testing::error_of(way);
    EXPECT_EQ(*way, AuthScheme::Oidc);
    EXPECT_EQ(authenticate(testing::delivery_of("{}"), receiver).error().kind, Errc::Unauthorized);
    receiver.auth.oidc.audiences.clear();
    EXPECT_FALSE(authenticate(delivery, receiver));
}

TEST(OidcAuthTest, IssuersOfEverybodyNeedMoreThanAnAudience) {
    OidcRules asked = rules();
    EXPECT_TRUE(check_oidc_rules(asked));
    asked.subjects.clear();
    for (const char* const issuer :
         {"https://token.actions.githubusercontent.com",
          "https://gitlab.com",
          "https://accounts.google.com",
          "https://agent.buildkite.com",
          "https://gitlab.example.com",
          "accounts.google.com"}) {
        asked.issuer = issuer;
        asked.claims.clear();
        EXPECT_FALSE(check_oidc_rules(asked)) << issuer;
        asked.claims = {{"repository", {"acme/app"}}};
        EXPECT_TRUE(check_oidc_rules(asked)) << issuer;
    }
    EXPECT_FALSE(check_oidc_rules(OidcRules{}));
}

TEST(OidcAuthTest, KeysComeOverHttpsOrFromThisHost) {
    OidcRules asked = rules();
    asked.claims = {{"repository", {"acme/app"}}};
    for (const char* const issuer :
         {"http://127.0.0.1:8080",
          "http://127.1.2.3/x",
          "http://[::1]:80",
          "http://localhost:1/a"}) {
        asked.issuer = issuer;
        EXPECT_TRUE(check_oidc_rules(asked)) << issuer;
    }
    for (const char* const issuer :
         {"http://token.example.com",
          "http://127.0.0.1.example.com",
          "http://127.0.0.1@example.com",
          "http://localhost.example.com",
          "http://[::2]",
          "token.example.com"}) {
        asked.issuer = issuer;
        EXPECT_FALSE(check_oidc_rules(asked)) << issuer;
    }
}

TEST(OidcAuthTest, GoogleHasTwoNames) {
    OidcRules asked = rules();
    asked.subjects.clear();
    asked.issuer = "https://accounts.google.com";
    asked.claims = {
        {"email", {"push@project.iam.gserviceaccount.com"}}, {"email_verified", {"true"}}};
    json google = claims();
    google["email"] = "push@project.iam.gserviceaccount.com";
    google["email_verified"] = true;
    for (const char* const issuer : {"https://accounts.google.com", "accounts.google.com"}) {
        google["iss"] = issuer;
        EXPECT_EQ(error_for(make_token(keys().rsa, "RS256", "rsa", google.dump()), asked), "");
    }
    google["email_verified"] = false;
    EXPECT_NE(error_for(make_token(keys().rsa, "RS256", "rsa", google.dump()), asked), "");
}

TEST(KeySetTest, OnlyKeysThatCanBeUsed) {
    const auto set = KeySet::parse(set_of({
        keys().rsa.jwk("good"),
        keys().rsa.jwk("encryption", R"(,"use":"enc")"),
        keys().rsa.jwk("signing-only", R"(,"key_ops":["sign"])"),
        keys().rsa.jwk("verifying", R"(,"key_ops":["verify"])"),
        SigningKey::rsa(1024).jwk("weak"),
        R"({"kty":"oct","kid":"secret","k":"AAAA"})",
        R"({"kty":"RSA","kid":"tiny","n":"AQAB","e":"AQAB"})",
        R"({"kty":"EC","crv":"P-256","kid":"off-the-curve","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})",
        R"({"kty":"EC","crv":"secp256k1","kid":"other-curve","x":"AAAA","y":"AAAA"})",
        R"({"kty":"OKP","crv":"Ed25519","kid":"short","x":"AAAA"})",
        R"({"kty":5})",
        R"("text")",
    }));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->size(), 2U);
    EXPECT_FALSE(KeySet::parse("{}"));
    EXPECT_FALSE(KeySet::parse(R"({"keys":{}})"));
    EXPECT_FALSE(KeySet::parse("nonsense"));
    EXPECT_EQ(KeySet::parse(R"({"keys":[]})")->size(), 0U);
}

TEST(KeySetTest, ExponentOneIsNoKey) {
    EXPECT_FALSE(PublicKey::rsa(*from_base64url(keys().rsa.jwk_member("n")), "\x01"));
    EXPECT_FALSE(PublicKey::rsa(*from_base64url(keys().rsa.jwk_member("n")), ""));
    EXPECT_FALSE(PublicKey::rsa("", "\x03"));
}

TEST(KeySetTest, Discovery) {
    const char* const kIssuer = "https://issuer.example.com";
    const auto document = [](const std::string& issuer, const std::string& keys_at) {
        return fmt::format(R"({{"issuer":"{}","jwks_uri":"{}"}})", issuer, keys_at);
    };
    EXPECT_EQ(
        *read_discovery(document(kIssuer, "https://keys.example.com/jwks"), kIssuer),
        "https://keys.example.com/jwks"
    );
    EXPECT_FALSE(read_discovery(document("https://evil.example.com", "https://k/"), kIssuer));
    EXPECT_FALSE(read_discovery(document(kIssuer, "http://keys.example.com/jwks"), kIssuer));
    EXPECT_FALSE(read_discovery(document(kIssuer, "file:///etc/passwd"), kIssuer));
    EXPECT_TRUE(read_discovery(
        document("http://127.0.0.1:8080", "http://127.0.0.1:8080/jwks"), "http://127.0.0.1:8080"
    ));
    EXPECT_FALSE(read_discovery("{}", kIssuer));
    EXPECT_FALSE(read_discovery("<html>", kIssuer));
}

}  // namespace
}  // namespace linkspan::webhooks
