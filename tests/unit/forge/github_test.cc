// The client of GitHub where one call decides about the next. What single requests and answers look
// like is in platforms_test.cc; the whole of forge.h against the fake in test_forge_clients.py.
#include "service/forge/github.h"

#include "tests/support/scripted_http_server.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

using support::ScriptedHttpServer;
using support::ScriptedReply;
using support::ScriptedRequest;

ScriptedReply says(unsigned status, const Json& body) {
    return {
        .status = status,
        .headers = {{"Content-Type", "application/json"}},
        .body = write_json(body)};
}

Json side(const std::string& repository, const std::string& branch) {
    return {{"ref", branch}, {"sha", "abc"}, {"repo", {{"full_name", repository}}}};
}
Json pull(int number, const std::string& head_repository, const std::string& base_repository) {
    return {
        {"number", number},
        {"node_id", "PR_" + std::to_string(number)},
        {"state", "open"},
        {"head", side(head_repository, "bump")},
        {"base", side(base_repository, "main")}};
}

class GithubClientTest : public ::testing::Test {
protected:
    GithubClientTest() {
        server.when("POST", "/graphql").then([this](const ScriptedRequest& request) {
            const auto query = text(Json::parse(request.body), {"query"});
            asked.push_back(query.substr(0, query.find('(')));
            for (const auto& [word, reply] : graphql) {
                if (query.find(word) != std::string::npos) return reply();
            }
            return says(200, {{"errors", Json::array({{{"message", "not scripted"}}})}});
        });
    }
    Github client() {
        CallerOptions options{.type = ForgeType::Github, .base = server.url()};
        options.graphql_base = server.url() + "/graphql";
        options.read_retry.initial = std::chrono::milliseconds{1};
        return Github{std::move(options), {"acme", "fleet"}};
    }
    // The first whose word is in the document answers.
    std::vector<std::pair<std::string, std::function<ScriptedReply()>>> graphql;
    std::vector<std::string> asked;
    ScriptedHttpServer server;
};

Json queue(bool enabled, bool in) {
    return {{"data", {{"node", {{"isMergeQueueEnabled", enabled}, {"isInMergeQueue", in}}}}}};
}

TEST_F(GithubClientTest, ARepositoryThatWasRenamedIsStillItself) {
    server.when("GET", "/repos/acme/fleet/pulls")
        .then_return(says(
            200,
            Json::array(
                {pull(3, "acme/fleet-2", "acme/fleet-2"), pull(2, "bob/fleet", "acme/fleet-2")}
            )
        ));
    const auto found = client().find("bump", "main", State::Open);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().number, 3);
}

TEST_F(GithubClientTest, AnOwnerThatWasRenamedIsLearnedWhereOneExistsThatIsNotFound) {
    server.when("POST", "/repos/acme/fleet/pulls")
        .then_return(says(
            422,
            {{"message", "Validation Failed"},
             {"errors",
              Json::array({{{"message", "A pull request already exists for globex:bump."}}})}}
        ));
    server.when("GET", "/repos/acme/fleet")
        .then_return(says(200, {{"owner", {{"login", "globex"}}}}));
    server.when("GET", "/repos/acme/fleet/pulls").then([](const ScriptedRequest& request) {
        if (request.query.find("head=globex%3Abump") == std::string::npos) {
            return says(200, Json::array());
        }
        return says(200, Json::array({pull(3, "globex/fleet", "globex/fleet")}));
    });
    auto github = client();
    EXPECT_EQ(github.find("bump", "main", State::Open)->size(), 0U);
    const auto opened = github.open({.head = "bump", .base = "main", .title = "t"});
    ASSERT_TRUE(opened.has_error());
    EXPECT_EQ(opened.error().kind, Errc::Conflict);
    EXPECT_EQ(github.find("bump", "main", State::Open)->size(), 1U);
}

TEST_F(GithubClientTest, ABranchThatGithubHasNotHeardOfYetIsTriedAgain) {
    const Json head{{"resource", "PullRequest"}, {"field", "head"}, {"code", "invalid"}};
    const Json none{{"message", "No commits between main and bump"}};
    server.when("POST", "/repos/acme/fleet/pulls")
        .then_return(says(422, {{"message", "Validation Failed"}, {"errors", Json::array({head})}}))
        .then_return(says(422, {{"message", "Validation Failed"}, {"errors", Json::array({none})}}))
        .then_return(says(201, pull(3, "acme/fleet", "acme/fleet")));
    const auto opened = client().open({.head = "bump", .base = "main", .title = "t"});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ(opened->number, 3);
}

TEST_F(GithubClientTest, WhatIsQueuedIsArmedThoughRestDoesNotSaySo) {
    server.when("GET", "/repos/acme/fleet/pulls/3")
        .then_return(says(200, pull(3, "acme/fleet", "acme/fleet")));
    bool in = true;
    graphql.emplace_back("isInMergeQueue", [&] { return says(200, queue(true, in)); });
    auto github = client();
    EXPECT_TRUE(github.get(3)->auto_merge);
    in = false;
    EXPECT_FALSE(github.get(3)->auto_merge);
}

TEST_F(GithubClientTest, WhereThereIsNoQueueItIsNotAskedForAgain) {
    server.when("GET", "/repos/acme/fleet/pulls/3")
        .then_return(says(200, pull(3, "acme/fleet", "acme/fleet")));
    const Json unknown{{"message", "Field 'isInMergeQueue' doesn't exist on type 'PullRequest'"}};
    for (const auto& reply :
         {says(200, queue(false, false)),
          says(200, {{"errors", Json::array({unknown})}}),  // an older server
          says(200, {{"errors", Json::array({{{"type", "FORBIDDEN"}, {"message", "no"}}})}}),
          says(404, {{"message", "Not Found"}})}) {
        asked.clear();
        graphql.clear();
        graphql.emplace_back("isInMergeQueue", [&] { return reply; });
        auto github = client();
        for (int i = 0; i < 3; ++i) {
            const auto got = github.get(3);
            ASSERT_TRUE(got.has_value());
            EXPECT_FALSE(got->auto_merge);
        }
        EXPECT_EQ(asked.size(), 1U) << reply.body;
    }
}

TEST_F(GithubClientTest, DisarmingTakesOutOfTheQueueWhateverTheAnswerToThatSays) {
    bool in = true;
    graphql.emplace_back("isInMergeQueue", [&] { return says(200, queue(true, in)); });
    graphql.emplace_back("dequeuePullRequest", [&] {
        in = false;
        const Json failed{{"type", "UNPROCESSABLE"}, {"message", "Failed to remove PR #3"}};
        return says(200, {{"errors", Json::array({failed})}});
    });
    graphql.emplace_back("disablePullRequestAutoMerge", [] {
        const Json none{
            {"type", "UNPROCESSABLE"},
            {"message", "Can't disable auto-merge for this pull request."}};
        return says(200, {{"errors", Json::array({none})}});
    });
    PullRequest now;
    now.number = 3;
    now.id = "PR_3";
    EXPECT_TRUE(client().disarm_auto_merge(now).has_value());
    // Where it stays in the queue, it is not said to be out of it.
    in = true;
    graphql[1].second = [] { return says(200, {{"data", nullptr}}); };
    const auto kept = client().disarm_auto_merge(now);
    ASSERT_TRUE(kept.has_error());
    EXPECT_EQ(kept.error().kind, Errc::Unavailable);
}

TEST_F(GithubClientTest, ATeamThatTheTokenMaySeeNothingOfDoesNotStopTheOthers) {
    server.when("POST", "/repos/acme/fleet/pulls/3/requested_reviewers")
        .then([](const ScriptedRequest& request) {
            if (request.body.find("platform") != std::string::npos) {
                return says(403, {{"message", "Resource not accessible by integration"}});
            }
            return says(201, pull(3, "acme/fleet", "acme/fleet"));
        });
    PullRequest now;
    now.number = 3;
    const auto unasked = client().ask(now, {.reviewers = {"ann"}, .teams = {"acme/platform"}});
    ASSERT_TRUE(unasked.has_value()) << unasked.error().message;
    ASSERT_EQ(unasked->size(), 1U);
    EXPECT_EQ(unasked->front().who, "acme/platform");
}

}  // namespace
}  // namespace linkspan::forge
