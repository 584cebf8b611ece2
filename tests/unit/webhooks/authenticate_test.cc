#include "webhooks/authenticate.h"

#include "tests/unit/webhooks/support.h"
#include "webhooks/hash.h"

namespace linkspan::webhooks {
namespace {

using testing::delivery_of;
using testing::kSecret;
using testing::secrets;

Result<AuthScheme> authenticate(const RawDelivery& delivery, const Auth& auth) {
    Receiver receiver;
    receiver.type = "ci";
    receiver.auth = auth;
    return webhooks::authenticate(delivery, receiver);
}

Auth hmac_auth(const std::vector<std::string>& values) {
    Auth auth;
    auth.scheme = AuthScheme::Hmac;
    auth.secrets = secrets(values);
    return auth;
}

std::string signed_with(const std::string& secret, const std::string& body) {
    return "sha256=" + to_hex(hmac(HashAlgorithm::Sha256, secret, body));
}

TEST(HashTest, KnownAnswers) {
    // FIPS 180-4 example "abc"; RFC 4231 test case 2.
    EXPECT_EQ(
        to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(
        to_hex(hmac(HashAlgorithm::Sha256, "Jefe", "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

TEST(AuthenticateTest, NoneLetsAnybodyIn) { EXPECT_TRUE(authenticate(delivery_of("{}"), Auth{})); }

TEST(AuthenticateTest, BearerTokens) {
    Auth auth;
    auth.scheme = AuthScheme::Bearer;
    auth.secrets = secrets({kSecret, "second-test-secret-not-real"});
    const struct {
        const char* name;
        const char* header;  // null: none
        bool authentic;
    } kCases[] = {
        {"the first secret", "Bearer test-secret-not-real", true},
        {"the second secret", "Bearer second-test-secret-not-real", true},
        {"the scheme in lower case", "bearer test-secret-not-real", true},
        {"more spaces", "Bearer   test-secret-not-real", true},
        {"none", nullptr, false},
        {"empty", "", false},
        {"no token", "Bearer ", false},
        {"another token", "Bearer other", false},
        {"the beginning of the secret", "Bearer test-secret", false},
        {"the secret and more", "Bearer test-secret-not-reals", false},
        {"the secret twice", "Bearer test-secret-not-realtest-secret-not-real", false},
        {"another case", "Bearer TEST-SECRET-NOT-REAL", false},
        {"another scheme", "Basic test-secret-not-real", false},
        // Registries let the whole header be written, so the secret may be all of it.
        {"the secret as the whole value", "test-secret-not-real", true},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        Headers headers;
        if (test.header != nullptr) headers.add("authorization", test.header);
        const auto status = authenticate(delivery_of("{}", headers), auth);
        EXPECT_EQ(status.has_value(), test.authentic);
        if (status.has_error()) {
            EXPECT_EQ(status.error().kind, Errc::Unauthorized);
            EXPECT_EQ(status.error().message.find("test-secret"), std::string::npos);
        }
    }
}

TEST(AuthenticateTest, HmacOfTheRawBody) {
    const Auth auth = hmac_auth({kSecret, "second-test-secret-not-real"});
    const std::string body = "{\"image\": \"a\"}\n";
    const std::string good = signed_with(kSecret, body);
    const struct {
        const char* name;
        std::string body;
        std::string header;
        bool authentic;
    } kCases[] = {
        {"the first secret", body, good, true},
        {"the second secret", body, signed_with("second-test-secret-not-real", body), true},
        {"one byte of the body changed", "{\"image\": \"b\"}\n", good, false},
        {"one byte fewer", "{\"image\": \"a\"}", good, false},
        {"another secret", body, signed_with("other", body), false},
        {"prefix missing", body, good.substr(7), false},
        {"hex in upper case", body, "sha256=" + std::string(64, 'A'), false},
        {"truncated", body, good.substr(0, good.size() - 1), false},
        {"nothing after the prefix", body, "sha256=", false},
        {"empty", body, "", false},
    };
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.name);
        const Headers headers{{"x-linkspan-signature-256", test.header}};
        EXPECT_EQ(authenticate(delivery_of(test.body, headers), auth).has_value(), test.authentic);
    }
    EXPECT_FALSE(authenticate(delivery_of(body), auth));
}

TEST(AuthenticateTest, EveryAlteredByteIsRefused) {
    const Auth auth = hmac_auth({kSecret});
    const std::string body = R"({"image":"registry.example.com/acme/app","tag":"1.0"})";
    const Headers headers{{"X-Linkspan-Signature-256", signed_with(kSecret, body)}};
    ASSERT_TRUE(authenticate(delivery_of(body, headers), auth));
    for (std::size_t i = 0; i < body.size(); ++i) {
        std::string altered = body;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_FALSE(authenticate(delivery_of(altered, headers), auth)) << "byte " << i;
    }
}

TEST(AuthenticateTest, EmptySecretsLetNobodyIn) {
    for (const auto& values : {std::vector<std::string>{}, std::vector<std::string>{"", ""}}) {
        const Headers headers{{"X-Linkspan-Signature-256", signed_with("", "{}")}};
        EXPECT_FALSE(authenticate(delivery_of("{}", headers), hmac_auth(values)));
        Auth bearer;
        bearer.scheme = AuthScheme::Bearer;
        bearer.secrets = secrets(values);
        EXPECT_FALSE(authenticate(delivery_of("{}", {{"Authorization", "Bearer "}}), bearer));
    }
    Auth without;
    without.scheme = AuthScheme::Hmac;
    EXPECT_FALSE(authenticate(delivery_of("{}"), without));
}

}  // namespace
}  // namespace linkspan::webhooks
