// The challenge flow and redirects, seen from the servers: which secret arrived where.
#include "service/registry/session.h"

#include "service/registry/answer.h"
#include "tests/support/scripted_http_server.h"
#include "tests/support/test_ca.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;
using support::ScriptedHttpServer;
using support::ScriptedReply;
using support::ScriptedRequest;

const std::string kBasic = "Basic cm9ib3Q6dGVzdC1zZWNyZXQtbm90LXJlYWw=";

RegistryOptions options_for(const ScriptedHttpServer& server, bool login) {
    RegistryOptions options;
    options.host = "r.example";
    options.endpoint = server.url();
    options.timeout = 60s;
    if (login) {
        options.credentials = []() -> Result<std::optional<Credentials>> {
            return std::optional{Credentials{"robot", Secret{"test-secret-not-real"}}};
        };
    }
    return options;
}

Session make_session(const RegistryOptions& options) {
    return Session{options, Endpoint::make(options).value()};
}

Ask ask_for(const ScriptedHttpServer& server, const std::string& path) {
    Ask ask;
    ask.url = server.url() + path;
    ask.repository = "acme/app";
    ask.purpose = "manifests";
    ask.max_response = 10000;
    ask.deadline = std::chrono::steady_clock::now() + 60s;
    return ask;
}

ScriptedReply challenge(const std::string& value) {
    return {.status = 401, .headers = {{"WWW-Authenticate", value}}};
}

// Answers "yes" to one Authorization, and its challenge to anything else.
void guard(
    ScriptedHttpServer& server,
    const std::string& path,
    const std::string& authorization,
    const std::string& asks
) {
    server.when("GET", path).then([=](const ScriptedRequest& request) {
        if (request.header("Authorization") == authorization) return ScriptedReply{.body = "yes"};
        return challenge(asks);
    });
}

TEST(SessionTest, AnonymousAsksOnce) {
    ScriptedHttpServer server;
    server.when("GET", "/x").then_return({.body = "yes"});
    auto session = make_session(options_for(server, true));
    const auto response = session.send(ask_for(server, "/x"));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "yes");
    ASSERT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(server.requests()[0].header("Authorization"), "");
}

TEST(SessionTest, BasicIsShownAfterItWasAskedForAndThenAtOnce) {
    ScriptedHttpServer server;
    guard(server, "/x", kBasic, R"(Basic realm="test")");
    auto session = make_session(options_for(server, true));
    ASSERT_EQ(session.send(ask_for(server, "/x")).value().body, "yes");
    ASSERT_EQ(session.send(ask_for(server, "/x")).value().body, "yes");
    EXPECT_EQ(server.requests().size(), 3U);
}

TEST(SessionTest, TokensAreKeptForTheirLife) {
    ScriptedHttpServer server;
    guard(
        server,
        "/x",
        "Bearer token-1",
        "Bearer realm=\"" + server.url() + R"(/token",service="s",scope="repository:acme/app:pull")"
    );
    server.when("GET", "/token").then_return({.body = R"({"token":"token-1","expires_in":300})"});
    auto session = make_session(options_for(server, true));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(session.send(ask_for(server, "/x")).value().body, "yes");
    const auto seen = server.requests();
    ASSERT_EQ(seen.size(), 5U);  // refused, token, answered; answered; answered
    EXPECT_EQ(seen[1].path, "/token");
    EXPECT_EQ(seen[1].query, "service=s&scope=repository%3Aacme%2Fapp%3Apull");
    EXPECT_EQ(seen[1].header("Authorization"), kBasic);
    EXPECT_EQ(seen[4].header("Authorization"), "Bearer token-1");
}

TEST(SessionTest, AnExpiredTokenIsFetchedBeforeTheRequest) {
    ScriptedHttpServer server;
    guard(server, "/x", "Bearer short", "Bearer realm=\"" + server.url() + "/token\"");
    server.when("GET", "/token").then_return({.body = R"({"token":"short","expires_in":1})"});
    auto session = make_session(options_for(server, false));
    for (int i = 0; i < 2; ++i) ASSERT_EQ(session.send(ask_for(server, "/x")).value().body, "yes");
    std::string order;
    for (const auto& request : server.requests()) order += request.path + " ";
    EXPECT_EQ(order, "/x /token /x /token /x ");
}

TEST(SessionTest, ATokenThatIsRefusedEarlyIsRenewedOnce) {
    ScriptedHttpServer server;
    const std::string asks = "Bearer realm=\"" + server.url() + "/token\"";
    server.when("GET", "/x")
        .then_return(challenge(asks))
        .then_return({.body = "one"})
        .then_return(challenge(asks))
        .then_return({.body = "two"});
    server.when("GET", "/token")
        .then_return({.body = R"({"token":"a","expires_in":300})"})
        .then_return({.body = R"({"token":"b","expires_in":300})"});
    auto session = make_session(options_for(server, false));
    EXPECT_EQ(session.send(ask_for(server, "/x")).value().body, "one");
    EXPECT_EQ(session.send(ask_for(server, "/x")).value().body, "two");
    EXPECT_EQ(server.requests().back().header("Authorization"), "Bearer b");
}

TEST(SessionTest, RotatedCredentialsCountAtTheNextAuthentication) {
    ScriptedHttpServer server;
    guard(server, "/x", kBasic, R"(Basic realm="test")");
    auto options = options_for(server, false);
    int reads = 0;
    options.credentials = [&]() -> Result<std::optional<Credentials>> {
        const bool rotated = ++reads > 1;
        return std::optional{
            Credentials{"robot", Secret{rotated ? "test-secret-not-real" : "old"}}};
    };
    auto session = make_session(options);
    EXPECT_EQ(session.send(ask_for(server, "/x")).error().kind, Errc::Unauthorized);
    EXPECT_EQ(session.send(ask_for(server, "/x")).value().body, "yes");
}

TEST(SessionTest, AzuresScopesAreKeptApartByPurpose) {
    ScriptedHttpServer server;
    const std::string realm = "Bearer realm=\"" + server.url() + "/token\",scope=";
    guard(server, "/m", "Bearer pull", realm + "\"repository:acme/app:pull\"");
    guard(server, "/t", "Bearer list", realm + "\"repository:acme/app:metadata_read\"");
    server.when("GET", "/token").then([](const ScriptedRequest& request) {
        const bool list = request.query.find("metadata_read") != std::string::npos;
        return ScriptedReply{
            .body =
                std::string{R"({"expires_in":300,"token":")"} + (list ? "list" : "pull") + "\"}"};
    });
    auto session = make_session(options_for(server, true));
    auto tags = ask_for(server, "/t");
    tags.purpose = "tags";
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(session.send(ask_for(server, "/m")).value().body, "yes");
        EXPECT_EQ(session.send(tags).value().body, "yes");
    }
    EXPECT_EQ(server.requests().size(), 8U);
}

TEST(SessionTest, RefusalsSayWhatWasShownAndNoSecret) {
    struct Case {
        std::string name;
        bool login;
        std::vector<std::string> challenges;
        std::string text;
    };
    ScriptedHttpServer token;
    token.when("GET", "/token").then_return({.body = R"({"token":"test-secret-token"})"});
    token.when("GET", "/refuses")
        .then_return({.status = 401, .body = R"({"details":"incorrect username or password"})"});
    const std::string realm = "Bearer realm=\"" + token.url();
    const std::vector<Case> cases{
        {"no password", false, {"Basic realm=x"}, "none is configured"},
        {"wrong password", true, {"Basic realm=x"}, "to the configured password"},
        {"no challenge", true, {}, "answered 401 to an anonymous request"},
        {"unknown scheme", true, {"Negotiate"}, "asks for authentication by \"negotiate\""},
        {"token refused",
         true,
         {realm + R"(/token",scope="repository:acme/app:pull")"},
         "to a token of " + token.url() + " for scope repository:acme/app:pull"},
        {"password refused", true, {realm + "/refuses\""}, "incorrect username or password"},
        {"known one of two", true, {"Negotiate", "Basic realm=x"}, "to the configured password"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        ScriptedHttpServer server;
        ScriptedReply reply{.status = 401};
        for (const auto& value : c.challenges)
            reply.headers.emplace_back("www-authenticate", value);
        server.when("GET", "/x").then_return(reply);
        auto session = make_session(options_for(server, c.login));
        const auto response = session.send(ask_for(server, "/x"));
        ASSERT_TRUE(response.has_error());
        EXPECT_EQ(response.error().kind, Errc::Unauthorized);
        EXPECT_NE(response.error().message.find(c.text), std::string::npos)
            << response.error().message;
        EXPECT_EQ(response.error().message.find("test-secret"), std::string::npos);
        EXPECT_LE(server.requests().size(), 2U);
    }
}

TEST(SessionTest, WhatAServerEchoesIsTakenOutOfItsWords) {
    const auto words = [](const std::string& message) {
        return R"({"errors":[{"code":"DENIED","message":"you sent )" + message + "\"}]}";
    };
    const std::string encoded = kBasic.substr(6);
    ScriptedHttpServer basic;
    basic.when("GET", "/x")
        .then_return(challenge(R"(Basic realm="test")"))
        .then_return({.status = 403, .body = words(encoded + " test-secret-not-real")});
    ScriptedHttpServer bearer;
    bearer.when("GET", "/x")
        .then_return(challenge("Bearer realm=\"" + bearer.url() + "/token\""))
        .then_return({.status = 500, .body = words("test-token-of-ours")});
    bearer.when("GET", "/token").then_return({.body = R"({"token":"test-token-of-ours"})"});
    ScriptedHttpServer token;
    token.when("GET", "/x").then_return(challenge("Bearer realm=\"" + token.url() + "/token\""));
    token.when("GET", "/token")
        .then_return({.status = 400, .body = words(encoded + " test-secret-not-real")});
    for (ScriptedHttpServer* server : {&basic, &bearer, &token}) {
        auto session = make_session(options_for(*server, true));
        const auto response = session.send(ask_for(*server, "/x"));
        const std::string told =
            response.has_error() ? response.error().message : explain(*response, "r").message;
        EXPECT_NE(told.find("DENIED: you sent ***"), std::string::npos) << told;
        for (const auto& secret : {encoded.c_str(), "test-secret", "test-token"}) {
            EXPECT_EQ(told.find(secret), std::string::npos) << told;
        }
    }
}

TEST(SessionTest, CredentialsThatCanNotBeReadEndTheRequest) {
    ScriptedHttpServer server;
    server.when("GET", "/x").then_return(challenge("Basic realm=x"));
    auto options = options_for(server, false);
    options.credentials = []() -> Result<std::optional<Credentials>> {
        return Error{Errc::NotFound, "/run/secrets/config.json: No such file or directory"};
    };
    auto session = make_session(options);
    const auto response = session.send(ask_for(server, "/x"));
    ASSERT_TRUE(response.has_error());
    EXPECT_EQ(response.error().kind, Errc::NotFound);
    EXPECT_EQ(
        response.error().message,
        "credentials for r.example: /run/secrets/config.json: No such file or directory"
    );
}

TEST(SessionTest, AChallengeToPlainHttpElsewhereGetsNoPassword) {
    ScriptedHttpServer elsewhere;
    ScriptedHttpServer server;
    server.when("GET", "/x")
        .then_return(challenge("Bearer realm=\"" + elsewhere.other_url() + "/token\""));
    auto session = make_session(options_for(server, true));
    const auto response = session.send(ask_for(server, "/x"));
    ASSERT_TRUE(response.has_error());
    EXPECT_EQ(response.error().kind, Errc::Unauthorized);
    EXPECT_NE(
        response.error().message.find("asks for a token from " + elsewhere.other_url()),
        std::string::npos
    );
    EXPECT_EQ(elsewhere.connections(), 0U);
}

TEST(SessionTest, ATlsRegistryMayNameATokenServerElsewhereOverTlsOnly) {
    const support::TestCa ca;
    const auto files = ca.make_server_certificate();
    ScriptedHttpServer plain;
    ScriptedHttpServer token{{files.certificate, files.key}};
    ScriptedHttpServer server{{files.certificate, files.key}};
    token.when("GET", "/token").then_return({.body = R"({"token":"t"})"});
    guard(server, "/x", "Bearer t", "Bearer realm=\"" + token.other_url() + "/token\"");
    guard(server, "/y", "Bearer t", "Bearer realm=\"" + plain.url() + "/token\"");
    auto options = options_for(server, true);
    options.ca_file = ca.certificate();

    auto session = make_session(options);
    const auto good = session.send(ask_for(server, "/x"));
    ASSERT_TRUE(good.has_value()) << good.error().message;
    EXPECT_EQ(good->body, "yes");

    auto other = make_session(options);
    EXPECT_EQ(other.send(ask_for(server, "/y")).error().kind, Errc::Unauthorized);
    EXPECT_EQ(plain.connections(), 0U);
}

TEST(SessionTest, RedirectsAreFollowedWithoutTheSecretWhenTheyLeave) {
    ScriptedHttpServer storage;
    storage.when("GET", "/blob").then_return({.body = "bytes"});
    ScriptedHttpServer server;
    server.when("GET", "/x").then([&](const ScriptedRequest& request) {
        if (request.header("Authorization") != kBasic) return challenge("Basic realm=x");
        return ScriptedReply{.status = 307, .headers = {{"Location", "/inside"}}};
    });
    server.when("GET", "/inside").then([&](const ScriptedRequest&) {
        return ScriptedReply{
            .status = 307, .headers = {{"Location", storage.url() + "/blob?signature=abc"}}};
    });
    auto session = make_session(options_for(server, true));
    const auto response = session.send(ask_for(server, "/x"));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "bytes");
    EXPECT_EQ(server.requests().back().path, "/inside");
    EXPECT_EQ(server.requests().back().header("Authorization"), kBasic);
    ASSERT_EQ(storage.requests().size(), 1U);
    EXPECT_EQ(storage.requests()[0].header("Authorization"), "");
    EXPECT_EQ(storage.requests()[0].query, "signature=abc");
}

TEST(SessionTest, AHostThatARedirectLedToGetsNoPassword) {
    for (const bool bearer : {false, true}) {
        SCOPED_TRACE(bearer ? "Bearer" : "Basic");
        ScriptedHttpServer elsewhere;
        elsewhere.when("GET", "/blob")
            .then_return(challenge(
                bearer ? "Bearer realm=\"" + elsewhere.url() + "/token\"" : "Basic realm=x"
            ));
        ScriptedHttpServer server;
        server.when("GET", "/x")
            .then_return({.status = 302, .headers = {{"Location", elsewhere.url() + "/blob"}}});
        auto session = make_session(options_for(server, true));
        const auto response = session.send(ask_for(server, "/x"));
        ASSERT_TRUE(response.has_error());
        EXPECT_EQ(response.error().kind, Errc::Unauthorized);
        ASSERT_EQ(elsewhere.requests().size(), 1U);
        EXPECT_EQ(elsewhere.requests()[0].header("Authorization"), "");
    }
}

TEST(SessionTest, FromTlsNoRedirectLeadsBackToAPlainRegistry) {
    const support::TestCa ca;
    const auto files = ca.make_server_certificate();
    ScriptedHttpServer server;
    ScriptedHttpServer storage{{files.certificate, files.key}};
    server.when("GET", "/x")
        .then_return({.status = 307, .headers = {{"Location", storage.url() + "/blob"}}});
    storage.when("GET", "/blob")
        .then_return({.status = 307, .headers = {{"Location", server.url() + "/y"}}});
    auto options = options_for(server, true);
    options.ca_file = ca.certificate();
    auto session = make_session(options);
    const auto response = session.send(ask_for(server, "/x"));
    ASSERT_TRUE(response.has_error());
    EXPECT_EQ(response.error().kind, Errc::InvalidInput);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(SessionTest, RedirectsThatAreNotFollowed) {
    const support::TestCa ca;
    const auto files = ca.make_server_certificate();
    ScriptedHttpServer plain;
    struct Case {
        std::string name;
        bool tls;
        std::optional<std::string> location;
        std::string text;
    };
    const std::vector<Case> cases{
        {"circle", false, "/x", "more than 5 times"},
        {"from TLS to plain HTTP", true, plain.url() + "/x", "plain HTTP"},
        {"plain HTTP to another host", false, "http://localhost:1/x", "plain HTTP"},
        {"another protocol", false, "file:///etc/passwd", "redirects"},
        {"with a password", false, "http://u:p@127.0.0.1/", "redirects"},
        {"to nowhere", false, std::nullopt, "without a Location"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto server = c.tls ? std::make_unique<ScriptedHttpServer>(ScriptedHttpServer::Tls{
                                        files.certificate, files.key})
                                  : std::make_unique<ScriptedHttpServer>();
        ScriptedReply reply{.status = 307};
        if (c.location) reply.headers.emplace_back("Location", *c.location);
        server->when("GET", "/x").then_return(reply);
        auto options = options_for(*server, true);
        options.ca_file = c.tls ? ca.certificate() : "";
        auto session = make_session(options);
        const auto response = session.send(ask_for(*server, "/x"));
        ASSERT_TRUE(response.has_error());
        EXPECT_EQ(response.error().kind, Errc::InvalidInput);
        EXPECT_NE(response.error().message.find(c.text), std::string::npos)
            << response.error().message;
    }
    EXPECT_EQ(plain.connections(), 0U);
}

}  // namespace
}  // namespace linkspan::registry
