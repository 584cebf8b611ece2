// The client of GitLab where one call decides about the next. What single requests and answers look
// like is in platforms_test.cc; the whole of forge.h against the fake in test_forge_clients.py.
#include "service/forge/gitlab.h"

#include "tests/support/scripted_http_server.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

using support::ScriptedHttpServer;
using support::ScriptedReply;

ScriptedReply says(unsigned status, const Json& body) {
    return {
        .status = status,
        .headers = {{"Content-Type", "application/json"}},
        .body = write_json(body)};
}

class GitlabClientTest : public ::testing::Test {
protected:
    Gitlab client() {
        CallerOptions options{.type = ForgeType::Gitlab, .base = server.url()};
        options.read_retry.initial = std::chrono::milliseconds{1};
        return Gitlab{std::move(options), "acme/fleet"};
    }
    ScriptedHttpServer server;
    const std::string old = "/projects/acme%2Ffleet";
    const PullRequest now = [] {
        PullRequest out;
        out.number = 7;
        return out;
    }();
};

TEST_F(GitlabClientTest, AProjectThatWasMovedIsWrittenToByItsNumber) {
    const Json refusal{{"message", "Non GET methods are not allowed for moved projects"}};
    server.when("POST", old + "/merge_requests/7/notes").then_return(says(405, refusal));
    server.when("GET", old)
        .then_return({.status = 301, .headers = {{"Location", server.url() + "/projects/42"}}});
    server.when("GET", "/projects/42").then_return(says(200, {{"id", 42}}));
    server.when("POST", "/projects/42/merge_requests/7/notes").then_return(says(201, {{"id", 1}}));
    auto gitlab = client();
    EXPECT_TRUE(gitlab.comment(now, "first").has_value());
    EXPECT_TRUE(gitlab.comment(now, "second").has_value());
    std::size_t refused = 0;
    for (const auto& one : server.requests()) {
        refused += static_cast<std::size_t>(one.method == "POST" && one.path.starts_with(old));
    }
    EXPECT_EQ(refused, 1U) << "it is remembered";
}

TEST_F(GitlabClientTest, ACancelThatFailedInsideAGoodAnswerIsLookedAt) {
    server.when("POST", old + "/merge_requests/7/cancel_merge_when_pipeline_succeeds")
        .then_return(says(
            201,
            {{"status", "error"},
             {"message", "Can't cancel the automatic merge"},
             {"http_status", 406}}
        ));
    server.when("GET", old + "/merge_requests/7")
        .then_return(says(200, {{"state", "opened"}, {"merge_when_pipeline_succeeds", false}}))
        .then_return(says(200, {{"state", "opened"}, {"merge_when_pipeline_succeeds", true}}));
    auto gitlab = client();
    EXPECT_TRUE(gitlab.disarm_auto_merge(now).has_value()) << "it was not armed";
    const auto still = gitlab.disarm_auto_merge(now);
    ASSERT_TRUE(still.has_error());
    EXPECT_EQ(still.error().kind, Errc::Unavailable);
}

TEST_F(GitlabClientTest, WithoutALicenceTheTrainIsLeftOut) {
    server.when("GET", old).then_return(says(200, {{"id", 1}, {"merge_trains_enabled", true}}));
    server.when("POST", old + "/merge_trains/merge_requests/7")
        .then_return(says(403, {{"message", "403 Forbidden"}}));
    server.when("PUT", old + "/merge_requests/7/merge").then_return(says(200, Json::object()));
    server.when("GET", old + "/merge_requests/7")
        .then_return(says(
            200, {{"state", "opened"}, {"sha", "abc"}, {"detailed_merge_status", "ci_must_pass"}}
        ))
        .then_return(says(200, {{"state", "opened"}, {"merge_when_pipeline_succeeds", true}}));
    const auto armed = client().arm_auto_merge(now, {.head_commit = "abc"});
    ASSERT_TRUE(armed.has_value()) << armed.error().message;
    EXPECT_TRUE(std::holds_alternative<Armed>(*armed));
}

TEST_F(GitlabClientTest, AMergeThatFailedSaysWhy) {
    server.when("PUT", old + "/merge_requests/7/merge").then_return(says(200, Json::object()));
    server.when("GET", old + "/merge_requests/7")
        .then_return(says(
            200, {{"state", "opened"}, {"merge_error", "pre-receive hook declined: no Fridays"}}
        ));
    const auto answer = client().merge(now, {.head_commit = "abc"});
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    ASSERT_TRUE(std::holds_alternative<NotYet>(*answer));
    EXPECT_NE(std::get<NotYet>(*answer).why.find("no Fridays"), std::string::npos);
}

TEST_F(GitlabClientTest, WhoeverWasBlockedStaysAMemberButMayNotWrite) {
    server.when("GET", "/users").then_return(says(200, Json::array({{{"id", 5}}})));
    server.when("GET", old + "/members/all/5")
        .then_return(says(200, {{"access_level", 40}, {"state", "active"}}))
        .then_return(says(200, {{"access_level", 40}, {"state", "blocked"}}))
        .then_return(says(200, {{"access_level", 20}, {"state", "active"}}));
    auto gitlab = client();
    EXPECT_TRUE(gitlab.may_write("ann").value());
    EXPECT_FALSE(gitlab.may_write("ann").value());
    EXPECT_FALSE(gitlab.may_write("ann").value());
}

}  // namespace
}  // namespace linkspan::forge
