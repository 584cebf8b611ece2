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
