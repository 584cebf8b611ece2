#include "service/forge/github_app.h"

#include "core/base64.h"
#include "tests/support/scripted_http_server.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace linkspan::forge {
namespace {

using Json = nlohmann::json;
using std::chrono::system_clock;
using support::ScriptedHttpServer;
using support::ScriptedRequest;

struct KeyPair {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    ~KeyPair() { EVP_PKEY_free(key); }
    [[nodiscard]] Secret pem() const {
        BIO* const bio = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio, &data);
        Secret out{std::string{data, static_cast<std::size_t>(size)}};
        BIO_free(bio);
        return out;
    }
    [[nodiscard]] bool verifies(const std::string& text, const std::string& signature) const {
        EVP_MD_CTX* const context = EVP_MD_CTX_new();
        const bool good = EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
                          EVP_DigestVerify(
                              context,
                              reinterpret_cast<const unsigned char*>(signature.data()),
                              signature.size(),
                              reinterpret_cast<const unsigned char*>(text.data()),
                              text.size()
                          ) == 1;
        EVP_MD_CTX_free(context);
        return good;
    }
};

const KeyPair& key_pair() {
    static const KeyPair pair;
    return pair;
}

TEST(GithubAppTest, JwtIsSignedAndShort) {
    const auto now = system_clock::from_time_t(1'700'000'000);
    const auto jwt = make_app_jwt(key_pair().pem(), "Iv1.test", now);
    ASSERT_TRUE(jwt.has_value());
    const std::string& text = jwt->reveal();
    const auto first = text.find('.');
    const auto second = text.rfind('.');
    const auto header = Json::parse(*from_base64url(text.substr(0, first)));
    const auto claims = Json::parse(*from_base64url(text.substr(first + 1, second - first - 1)));
    EXPECT_EQ(header, (Json{{"alg", "RS256"}, {"typ", "JWT"}}));
    EXPECT_EQ(claims, (Json{{"iss", "Iv1.test"}, {"iat", 1'699'999'940}, {"exp", 1'700'000'540}}));
    EXPECT_TRUE(
        key_pair().verifies(text.substr(0, second), *from_base64url(text.substr(second + 1)))
    );
}

TEST(GithubAppTest, RefusesWhatIsNoRsaKey) {
    for (const char* const bad :
         {"", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}) {
        const auto jwt = make_app_jwt(Secret{bad}, "7", system_clock::now());
        ASSERT_TRUE(jwt.has_error());
        EXPECT_EQ(jwt.error().kind, Errc::InvalidInput);
    }
}

class GithubAppTokenTest : public ::testing::Test {
protected:
    GithubAppTokenTest() {
        server.when("GET", "/repos/acme/fleet/installation").then_return({.body = R"({"id":42})"});
        server.when("POST", "/app/installations/42/access_tokens")
            .then([this](const ScriptedRequest&) {
                return support::ScriptedReply{
                    .status = 201,
                    .body =
                        Json{
                            {"token", "ghs_test" + std::to_string(++made)},
                            {"expires_at", "2023-11-14T23:13:20Z"}}
                            .dump()};
            });
    }
    GithubAppOptions options() {
        GithubAppOptions out;
        out.api = server.url();
        out.app_id = "7";
        out.owner = "acme";
        out.repository = "fleet";
        out.private_key = [] { return Result<Secret>{key_pair().pem()}; };
        out.now = [this] { return now; };
        return out;
    }
    ScriptedHttpServer server;
    int made = 0;
    system_clock::time_point now =
        system_clock::from_time_t(1'700'000'000);  // an hour before it ends
};

TEST_F(GithubAppTokenTest, OneTokenUntilShortlyBeforeItsEnd) {
    GithubApp app{options()};
    EXPECT_EQ(app.token()->reveal(), "ghs_test1");
    now += std::chrono::minutes{54};
    EXPECT_EQ(app.token()->reveal(), "ghs_test1");
    now += std::chrono::minutes{2};
    EXPECT_EQ(app.token()->reveal(), "ghs_test2");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3U);  // the installation is looked up once
    const auto body = Json::parse(requests[1].body);
    EXPECT_EQ(body["repositories"], Json::array({"fleet"}));
    EXPECT_EQ(body["permissions"]["pull_requests"], "write");
    EXPECT_EQ(body["permissions"].count("administration"), 0U);
}

TEST_F(GithubAppTokenTest, ARefusedTokenIsReplacedButNotAtOnce) {
    GithubApp app{options()};
    const Secret first = *app.token();
    EXPECT_FALSE(app.refused(first));
    now += std::chrono::minutes{2};
    EXPECT_TRUE(app.refused(first));
    EXPECT_EQ(app.token()->reveal(), "ghs_test2");
    EXPECT_TRUE(app.refused(first)) << "it was replaced meanwhile";
    EXPECT_EQ(app.token()->reveal(), "ghs_test2");
}

TEST_F(GithubAppTokenTest, APermissionThatTheAppHasNotIsLeftOut) {
    server.when("POST", "/app/installations/43/access_tokens").then([](const ScriptedRequest& request) {
        const auto wanted = Json::parse(request.body)["permissions"];
        if (wanted.contains("issues") || wanted["statuses"] != "read") {
            return support::ScriptedReply{
                .status = 422,
                .body =
                    R"({"message":"The permissions requested are not granted to this installation."})"};
        }
        return support::ScriptedReply{.status = 201, .body = R"({"token":"ghs_test"})"};
    });
    server.when("GET", "/app/installations/43")
        .then_return(
            {.body =
                 R"({"id":43,"permissions":{"contents":"write","pull_requests":"write","statuses":"read","metadata":"read","administration":"write"}})"}
        );
    auto with = options();
    with.installation_id = 43;
    GithubApp app{with};
    const auto token = app.token();
    ASSERT_TRUE(token.has_value()) << token.error().message;
    EXPECT_EQ(token->reveal(), "ghs_test");
    const auto wanted = Json::parse(server.requests().back().body);
    EXPECT_EQ(
        wanted["permissions"],
        (Json{
            {"contents", "write"},
            {"pull_requests", "write"},
            {"statuses", "read"},
            {"metadata", "read"}})
    );
    EXPECT_EQ(wanted["repositories"], Json::array({"fleet"}));
}

TEST_F(GithubAppTokenTest, NotInstalledIsSaid) {
    auto with = options();
    with.repository = "other";
    GithubApp app{with};
    const auto token = app.token();
    ASSERT_TRUE(token.has_error());
    EXPECT_EQ(token.error().kind, Errc::NotFound);
    EXPECT_NE(token.error().message.find("acme/other"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::forge
