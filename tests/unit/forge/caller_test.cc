#include "service/forge/caller.h"

#include "tests/support/scripted_http_server.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

using support::ScriptedHttpServer;
using support::ScriptedReply;

const std::vector<std::pair<std::string, std::string>> kJson{{"Content-Type", "application/json"}};

class CallerTest : public ::testing::Test {
protected:
    CallerOptions options() {
        CallerOptions out{.type = ForgeType::Github, .base = server.url() + "/api"};
        out.graphql_base = server.url() + "/graphql";
        out.authorize = [this]() -> Result<Authorization> {
            return Authorization{"Authorization", Secret{"Bearer " + token}, Secret{token}};
        };
        out.read_retry.initial = std::chrono::milliseconds{1};
        out.read_retry.longest = std::chrono::milliseconds{2};
        return out;
    }
    ScriptedHttpServer server;
    std::string token = "not-a-secret-1";
};

TEST_F(CallerTest, ReadsAreTriedAgainAndWritesNever) {
    server.when("GET", "/api/a")
        .then_return({.status = 502})
        .then_return({.headers = kJson, .body = "{}"});
    server.when("POST", "/api/a")
        .then_return({.status = 502})
        .then_return({.headers = kJson, .body = "{}"});
    Caller caller{options()};
    EXPECT_TRUE(caller.ask({.path = "/a"}).has_value());
    const auto written = caller.ask({.method = "POST", .path = "/a", .body = "{}"});
    ASSERT_TRUE(written.has_error());
    EXPECT_EQ(written.error().kind, Errc::Unavailable);
    EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(CallerTest, AnHtmlPageIsNoAnswer) {
    server.when("GET", "/api/a")
        .then_return({.headers = {{"Content-Type", "text/html"}}, .body = "<html>Sign in</html>"});
    const auto answer = Caller{options()}.ask({.path = "/a"});
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().kind, Errc::Unavailable);
    EXPECT_NE(answer.error().message.find("HTML page"), std::string::npos);
}

TEST_F(CallerTest, UnchangedIsReadFromMemory) {
    server.when("GET", "/api/a").then([](const support::ScriptedRequest& request) {
        if (request.header("If-None-Match") == "\"one\"") return ScriptedReply{.status = 304};
        return ScriptedReply{
            .headers = {{"Content-Type", "application/json"}, {"ETag", "\"one\""}},
            .body = R"({"n":1})"};
    });
    Caller caller{options()};
    for (int i = 0; i < 3; ++i) {
        const auto answer = caller.ask({.path = "/a"});
        ASSERT_TRUE(answer.has_value());
        EXPECT_EQ(number(*answer, {"n"}), 1);
    }
    EXPECT_EQ(server.requests().back().header("If-None-Match"), "\"one\"");
}

TEST_F(CallerTest, NothingIsSentWhileALimitLasts) {
    server.when("GET", "/api/a")
        .then_return(
            {.status = 403,
             .headers = {{"Retry-After", "40"}},
             .body = R"({"message":"secondary rate limit"})"}
        );
    Caller caller{options()};
    const auto first = caller.ask({.path = "/a"});
    ASSERT_TRUE(first.has_error());
    EXPECT_EQ(first.error().kind, Errc::RateLimited);
    EXPECT_EQ(first.error().retry_after, std::chrono::seconds{40});
    const auto second = caller.ask({.method = "POST", .path = "/b", .body = "{}"});
    ASSERT_TRUE(second.has_error());
    EXPECT_EQ(second.error().kind, Errc::RateLimited);
    EXPECT_GT(second.error().retry_after.value(), std::chrono::seconds{30});
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(CallerTest, TheTokenStaysAtItsOrigin) {
    server.when("GET", "/api/moved")
        .then_return({.status = 301, .headers = {{"Location", server.other_url() + "/api/a"}}});
    server.when("GET", "/api/list")
        .then_return(
            {.headers =
                 {{"Content-Type", "application/json"},
                  {"Link", "<" + server.other_url() + "/api/list?page=2>; rel=\"next\""}},
             .body = "[1]"}
        );
    server.when("GET", "/api/up")
        .then_return(
            {.headers =
                 {{"Content-Type", "application/json"}, {"Link", "</elsewhere>; rel=\"next\""}},
             .body = "[1]"}
        );
    Caller caller{options()};
    for (const auto& failed :
         {caller.ask({.path = "/moved"}),
          caller.linked_pages({.path = "/list"}),
          caller.linked_pages({.path = "/up"})}) {
        ASSERT_TRUE(failed.has_error());
        EXPECT_EQ(failed.error().kind, Errc::InvalidInput);
    }
    EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(CallerTest, RedirectsInsideAreFollowed) {
    server.when("GET", "/api/moved")
        .then_return({.status = 301, .headers = {{"Location", "/api/repositories/7"}}});
    server.when("GET", "/api/repositories/7").then_return({.headers = kJson, .body = "{}"});
    server.when("PATCH", "/api/moved")
        .then_return({.status = 307, .headers = {{"Location", "/api/repositories/7"}}});
    server.when("PATCH", "/api/repositories/7").then_return({.headers = kJson, .body = "{}"});
    server.when("PATCH", "/api/found")
        .then_return({.status = 302, .headers = {{"Location", "/api/repositories/7"}}});
    Caller caller{options()};
    EXPECT_TRUE(caller.ask({.path = "/moved"}).has_value());
    EXPECT_TRUE(caller.ask({.method = "PATCH", .path = "/moved", .body = "{}"}).has_value());
    EXPECT_TRUE(caller.ask({.method = "PATCH", .path = "/found", .body = "{}"}).has_error());
}

TEST_F(CallerTest, PagesAreFollowedAndCapped) {
    server.when("GET", "/api/list").then([](const support::ScriptedRequest&) {
        return ScriptedReply{
            .headers =
                {{"Content-Type", "application/json"}, {"Link", "</api/list?again>; rel=\"next\""}},
            .body = "[1]"};
    });
    const auto all = Caller{options()}.linked_pages({.path = "/list"}, 5);
    ASSERT_TRUE(all.has_value());
    EXPECT_EQ(all->size(), 5U);
}

TEST_F(CallerTest, RefusedCredentialsAreRenewedOnce) {
    server.when("GET", "/api/a").then([](const support::ScriptedRequest& request) {
        if (request.header("Authorization") == "Bearer not-a-secret-2")
            return ScriptedReply{.headers = kJson, .body = "{}"};
        return ScriptedReply{
            .status = 401, .headers = kJson, .body = R"({"message":"Bad credentials"})"};
    });
    auto with = options();
    with.renew = [this](const Secret& refused) {
        EXPECT_EQ(refused.reveal(), token);
        token = token == "not-a-secret-1" ? "not-a-secret-2" : "not-a-secret-3";
        return true;
    };
    EXPECT_TRUE(Caller{with}.ask({.path = "/a"}).has_value());
    const auto refused = Caller{with}.ask({.path = "/a"});
    EXPECT_TRUE(refused.has_value());
    token = "not-a-secret-4";
    const auto wrong = Caller{with}.ask({.path = "/a"});
    ASSERT_TRUE(wrong.has_error());
    EXPECT_EQ(wrong.error().kind, Errc::Unauthorized);
}

TEST_F(CallerTest, NoMessageRepeatsTheToken) {
    server.when("GET", "/api/a")
        .then_return(
            {.status = 400, .headers = kJson, .body = R"({"message":"bad token not-a-secret-1"})"}
        );
    const auto answer = Caller{options()}.ask({.path = "/a"});
    ASSERT_TRUE(answer.has_error());
    EXPECT_NE(answer.error().message.find("***"), std::string::npos);
    EXPECT_EQ(answer.error().message.find("not-a-secret-1"), std::string::npos);
}

// A server, or whoever stands before it, that repeats the request's headers.
TEST_F(CallerTest, NoMessageRepeatsTheHeaderThatCarriedIt) {
    server.when("GET", "/api/a").then([](const support::ScriptedRequest& request) {
        return ScriptedReply{
            .status = 403,
            .headers =
                {{"Content-Type", "application/json"},
                 {"X-Accepted-GitHub-Permissions", request.header("Authorization")}},
            .body = R"({"message":"you sent )" + request.header("Authorization") + "\"}"};
    });
    auto with = options();
    with.authorize = []() -> Result<Authorization> {
        return Authorization{
            "Authorization", Secret{"Basic OnRlc3QtcGFzc3dvcmQ="}, Secret{"test-password"}};
    };
    const auto answer = Caller{with}.ask({.path = "/a"});
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().message.find("OnRlc3QtcGFzc3dvcmQ="), std::string::npos)
        << answer.error().message;
    EXPECT_NE(answer.error().message.find("you sent Basic ***"), std::string::npos)
        << answer.error().message;
}

TEST_F(CallerTest, AnswersAreRememberedForOneCredential) {
    server.when("GET", "/api/a").then([](const support::ScriptedRequest& request) {
        const bool first = request.header("Authorization") == "Bearer not-a-secret-1";
        if (!request.header("If-None-Match").empty() && !first) return ScriptedReply{.status = 304};
        return ScriptedReply{
            .headers = {{"Content-Type", "application/json"}, {"ETag", "W/\"one\""}},
            .body = first ? R"({"n":1})" : R"({"n":2})"};
    });
    Caller caller{options()};
    EXPECT_EQ(number(*caller.ask({.path = "/a"}), {"n"}), 1);
    token = "not-a-secret-2";
    EXPECT_EQ(number(*caller.ask({.path = "/a"}), {"n"}), 2);
    EXPECT_EQ(server.requests().back().header("If-None-Match"), "");
    EXPECT_EQ(number(*caller.ask({.path = "/a"}), {"n"}), 2);
    EXPECT_EQ(server.requests().back().header("If-None-Match"), "W/\"one\"");
}

TEST_F(CallerTest, WhatIsRememberedIsBounded) {
    const std::string long_text(200 << 10, 'x');
    server.when("GET", "/api/*").then([&](const support::ScriptedRequest&) {
        return ScriptedReply{
            .headers = {{"Content-Type", "application/json"}, {"ETag", "\"one\""}},
            .body = "\"" + long_text + "\""};
    });
    Caller caller{options()};
    for (int i = 0; i < 25; ++i) {
        ASSERT_TRUE(caller.ask({.path = "/" + std::to_string(i)}).has_value());
    }
    ASSERT_TRUE(caller.ask({.path = "/24"}).has_value());
    EXPECT_EQ(server.requests().back().header("If-None-Match"), "\"one\"");
    ASSERT_TRUE(caller.ask({.path = "/0"}).has_value());
    EXPECT_EQ(server.requests().back().header("If-None-Match"), "")
        << "5 MB are more than are kept";
}

TEST_F(CallerTest, NoWaitIsLongerThanAnHour) {
    for (const char* const wait :
         {"86400", "99999999999999999999", "Fri, 31 Dec 2199 23:59:59 GMT"}) {
        server.when("GET", std::string{"/api/"} + wait[0])
            .then_return({.status = 429, .headers = {{"Retry-After", wait}}, .body = "{}"});
        const auto answer = Caller{options()}.ask({.path = std::string{"/"} + wait[0]});
        ASSERT_TRUE(answer.has_error());
        EXPECT_EQ(answer.error().kind, Errc::RateLimited);
        EXPECT_EQ(answer.error().retry_after, std::chrono::hours{1}) << wait;
    }
    server.when("GET", "/api/busy")
        .then_return({.status = 503, .headers = {{"Retry-After", "86400"}}, .body = "{}"});
    const auto busy = Caller{options()}.ask({.path = "/busy"});
    ASSERT_TRUE(busy.has_error());
    EXPECT_EQ(busy.error().retry_after, std::chrono::hours{1});
}

TEST_F(CallerTest, TheNextPageIsRelativeToTheOneThatNamedIt) {
    const auto page = [](const char* body, const std::string& next) {
        ScriptedReply reply{.headers = kJson, .body = body};
        if (!next.empty()) reply.headers.emplace_back("Link", "<" + next + ">; rel=\"next\"");
        return reply;
    };
    server.when("GET", "/api/list").then([&](const support::ScriptedRequest& request) {
        if (request.query.empty()) return page("[1]", "?page=2");
        if (request.query == "page=2") return page("[2]", "/api/list?page=3");
        return page("[3]", "");
    });
    Caller caller{options()};
    const auto all = caller.linked_pages({.path = "/list"});
    ASSERT_TRUE(all.has_value()) << all.error().message;
    EXPECT_EQ(*all, Json::parse("[1,2,3]"));
    server.when("GET", "/api/away").then_return(page("[1]", "//elsewhere.example/api/away?page=2"));
    EXPECT_EQ(caller.linked_pages({.path = "/away"}).error().kind, Errc::InvalidInput);
    server.when("GET", "/api/up").then_return(page("[1]", "../other?page=2"));
    EXPECT_EQ(caller.linked_pages({.path = "/up"}).error().kind, Errc::InvalidInput);
}

// What is cut off, empty, or of another program is never taken for "there is none".
TEST_F(CallerTest, AnswersThatSayNothingAreErrors) {
    const struct {
        const char* what;
        ScriptedReply reply;
    } kBad[] = {
        {"empty", {.headers = kJson, .body = ""}},
        {"cut off", {.headers = kJson, .body = R"([{"n":1)", .claim_length = 4000, .close = true}},
        {"half of it", {.headers = kJson, .body = R"([{"n":1)"}},
        {"an object", {.headers = kJson, .body = R"({"status":"ok"})"}},
        {"a text", {.headers = {{"Content-Type", "text/plain"}}, .body = "please log in"}},
        {"a page", {.headers = {{"Content-Type", "text/html"}}, .body = "<html>"}},
        {"a page that calls itself JSON", {.headers = kJson, .body = "<html>"}},
        {"bytes", {.headers = kJson, .body = std::string("\xff\xfe\0\1", 4)}},
        {"no HTTP", {.raw = "SSH-2.0-OpenSSH\r\n"}},
    };
    for (const auto& c : kBad) {
        SCOPED_TRACE(c.what);
        ScriptedHttpServer bad;
        bad.when("GET", "/api/a").then_return(c.reply);
        auto with = options();
        with.base = bad.url() + "/api";
        Caller caller{with};
        const auto list = caller.linked_pages({.path = "/a"});
        ASSERT_TRUE(list.has_error());
        EXPECT_EQ(list.error().kind, Errc::Unavailable) << list.error().message;
    }
}

TEST_F(CallerTest, DeepOrLongAnswersEndWell) {
    server.when("GET", "/api/deep")
        .then_return({.headers = kJson, .body = std::string(200'000, '[')});
    server.when("GET", "/api/closed")
        .then_return(
            {.status = 400,
             .headers = kJson,
             .body = R"({"message":)" + std::string(50'000, '[') + std::string(50'000, ']') + "}"}
        );
    server.when("GET", "/api/long")
        .then_return({.headers = kJson, .body = std::string(17 << 20, ' ')});
    Caller caller{options()};
    EXPECT_EQ(caller.ask({.path = "/deep"}).error().kind, Errc::Unavailable);
    EXPECT_EQ(caller.ask({.path = "/closed"}).error().kind, Errc::InvalidInput);
    EXPECT_TRUE(caller.ask({.path = "/long"}).has_error());
}

// A file that is renewed: the next request has the new token.
TEST_F(CallerTest, TheTokenIsAskedForEachTime) {
    server.when("GET", "/api/a").then([](const support::ScriptedRequest& request) {
        if (request.header("Authorization") != "Bearer not-a-secret-2") {
            return ScriptedReply{.status = 401, .headers = kJson, .body = "{}"};
        }
        return ScriptedReply{.headers = kJson, .body = "{}"};
    });
    Caller caller{options()};
    EXPECT_EQ(caller.ask({.path = "/a"}).error().kind, Errc::Unauthorized);
    token = "not-a-secret-2";
    EXPECT_TRUE(caller.ask({.path = "/a"}).has_value());
}

TEST_F(CallerTest, AzureShowsItsSignInPage) {
    for (const unsigned status : {203U, 302U}) {
        ScriptedHttpServer azure;
        azure.when("GET", "/api/a")
            .then_return(
                {.status = status,
                 .headers =
                     {{"Location", "https://spsprodweu.example/_signin"},
                      {"Content-Type", "text/html"}},
                 .body = "<html>"}
            );
        auto with = options();
        with.type = ForgeType::AzureDevops;
        with.base = azure.url() + "/api";
        const auto answer = Caller{with}.ask({.path = "/a"});
        ASSERT_TRUE(answer.has_error());
        EXPECT_EQ(answer.error().kind, Errc::Unauthorized);
    }
}

}  // namespace
}  // namespace linkspan::forge
