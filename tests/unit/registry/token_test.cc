#include "service/registry/token.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;
using transport::Url;

const TokenQuestion kQuestion{
    Url::parse("https://auth.example/token").value(), "r.example", "repository:acme/app:pull"};

TEST(TokenQuestionTest, TheChallengesScopeCountsElseOurOwn) {
    const auto own = parse_challenges(R"(Bearer realm="https://auth.example/token")").at(0);
    auto question = read_question(own, "repository:acme/app:pull");
    ASSERT_TRUE(question.has_value());
    EXPECT_EQ(question->realm.str(), "https://auth.example/token");
    EXPECT_EQ(question->service, "");
    EXPECT_EQ(question->scope, "repository:acme/app:pull");

    const auto azure =
        parse_challenges(
            R"(Bearer realm="https://a/t",service="s",scope="repository:acme/app:metadata_read")"
        )
            .at(0);
    question = read_question(azure, "repository:acme/app:pull");
    ASSERT_TRUE(question.has_value());
    EXPECT_EQ(question->service, "s");
    EXPECT_EQ(question->scope, "repository:acme/app:metadata_read");
}

TEST(TokenQuestionTest, WithoutAUsableRealmIsAnError) {
    for (const std::string field :
         {R"(Bearer service="x")",
          R"(Bearer realm="")",
          R"(Bearer realm="auth.example/token")",
          R"(Bearer realm="file:///etc/passwd")",
          R"(Bearer realm="https://u:p@auth.example/")"}) {
        SCOPED_TRACE(field);
        const auto question = read_question(parse_challenges(field).at(0), "x");
        ASSERT_TRUE(question.has_error());
        EXPECT_EQ(question.error().kind, Errc::InvalidInput);
    }
}

TEST(TokenRequestTest, AnonymousPasswordAndIdentityToken) {
    const auto anonymous = make_token_request(kQuestion, std::nullopt);
    EXPECT_EQ(anonymous.method, "GET");
    EXPECT_EQ(
        anonymous.url,
        "https://auth.example/token?service=r.example&scope=repository%3Aacme%2Fapp%3Apull"
    );
    EXPECT_TRUE(anonymous.headers.empty());

    const auto basic =
        make_token_request(kQuestion, Credentials{"robot", Secret{"test-secret-not-real"}});
    ASSERT_EQ(basic.headers.size(), 1U);
    EXPECT_EQ(basic.headers[0].first, "Authorization");
    EXPECT_EQ(basic.headers[0].second, "Basic cm9ib3Q6dGVzdC1zZWNyZXQtbm90LXJlYWw=");

    const auto identity = make_token_request(
        kQuestion, Credentials{std::string{kIdentityTokenUser}, Secret{"test/secret"}}
    );
    EXPECT_EQ(identity.method, "POST");
    EXPECT_EQ(identity.url, "https://auth.example/token");
    EXPECT_EQ(
        identity.body,
        "grant_type=refresh_token&client_id=linkspan&service=r.example&scope="
        "repository%3Aacme%2Fapp%3Apull&refresh_token=test%2Fsecret"
    );
}

TEST(TokenRequestTest, ARealmWithAQueryKeepsIt) {
    TokenQuestion question = kQuestion;
    question.realm = Url::parse("https://auth.example/token?account=a").value();
    EXPECT_EQ(
        make_token_request(question, std::nullopt).url,
        "https://auth.example/"
        "token?account=a&service=r.example&scope=repository%3Aacme%2Fapp%3Apull"
    );
}

TEST(TokenAnswerTest, TokensAreReadWithTheirLife) {
    struct Case {
        std::string name, body, token;
        std::chrono::seconds life;
    };
    const std::vector<Case> cases{
        {"Docker", R"({"token":"abc","expires_in":300,"issued_at":"x"})", "abc", 270s},
        {"OAuth", R"({"access_token":"abc","expires_in":60})", "abc", 54s},
        {"both", R"({"token":"abc","access_token":"def"})", "abc", 54s},
        {"empty one", R"({"token":"","access_token":"def"})", "def", 54s},
        {"no life", R"({"token":"abc"})", "abc", 54s},
        {"short", R"({"token":"abc","expires_in":4})", "abc", 0s},
        {"negative", R"({"token":"abc","expires_in":-4})", "abc", 0s},
        {"huge", R"({"token":"abc","expires_in":1e300})", "abc", 77760s},
        {"life of another type", R"({"token":"abc","expires_in":"300"})", "abc", 54s},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        transport::HttpResponse response;
        response.status = 200;
        response.body = c.body;
        const auto token = read_token_answer(response, kQuestion);
        ASSERT_TRUE(token.has_value()) << token.error().message;
        EXPECT_EQ(token->value.reveal(), c.token);
        EXPECT_EQ(token->life, c.life);
    }
}

TEST(TokenAnswerTest, WhatIsNotATokenIsAnError) {
    struct Case {
        std::string name;
        unsigned status;
        std::string body;
        Errc kind;
    };
    const std::vector<Case> cases{
        {"none", 200, "{}", Errc::InvalidInput},
        {"number", 200, R"({"token":1})", Errc::InvalidInput},
        {"line break", 200, R"({"token":"a\r\nX: b"})", Errc::InvalidInput},
        {"space", 200, R"({"token":"a b"})", Errc::InvalidInput},
        {"cut off", 200, R"({"token":"abc)", Errc::InvalidInput},
        {"refused", 401, R"({"details":"incorrect username or password"})", Errc::Unauthorized},
        {"missing", 404, "", Errc::InvalidInput},
        {"redirect", 302, "", Errc::InvalidInput},
        {"broken", 503, "", Errc::Unavailable},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        transport::HttpResponse response;
        response.status = c.status;
        response.body = c.body;
        const auto token = read_token_answer(response, kQuestion);
        ASSERT_TRUE(token.has_error());
        EXPECT_EQ(token.error().kind, c.kind) << token.error().message;
        EXPECT_NE(token.error().message.find("https://auth.example"), std::string::npos);
    }
}

}  // namespace
}  // namespace linkspan::registry
