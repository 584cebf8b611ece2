// What is particular about each platform's requests and answers. The whole of forge.h runs against
// the fakes in tests/e2e/test_forge_clients.py.
#include "service/forge/again.h"
#include "service/forge/azure_answers.h"
#include "service/forge/bitbucket_cloud_answers.h"
#include "service/forge/bitbucket_dc_answers.h"
#include "service/forge/gitea_answers.h"
#include "service/forge/gitea_requests.h"
#include "service/forge/github_answers.h"
#include "service/forge/gitlab_answers.h"
#include "service/forge/gitlab_requests.h"
#include "service/forge/make_forge.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

using transport::HttpResponse;

HttpResponse answer(unsigned status, std::string body) {
    HttpResponse out;
    out.status = status;
    out.headers = {{"Content-Type", "application/json"}};
    out.body = std::move(body);
    return out;
}

HttpResponse says(unsigned status, const std::string& message) {
    return answer(status, write_json({{"message", message}}));
}

std::string kind_of(const Result<MergeAnswer>& result) {
    if (result.has_error()) return std::string{to_string(result.error().kind)};
    static const char* const kNames[] = {
        "merged", "armed", "already", "not_yet", "moved", "refused"};
    return kNames[result->index()];
}

PullRequest numbered() {
    PullRequest now;
    now.number = 7;
    now.title = "Update app";
    now.body = "old";
    now.version = "3";
    return now;
}

const MergeRequest kSquash{
    .head_commit = "abc", .method = MergeMethod::Squash, .title = "t", .message = "m"};

TEST(GithubTest, TheHeadCarriesItsOwner) {
    const auto path = github::find_pulls({"acme", "fleet"}, "acme:a/b", "main", State::Closed).path;
    EXPECT_NE(path.find("head=acme%3Aa%2Fb"), std::string::npos) << path;
    EXPECT_NE(path.find("state=closed"), std::string::npos);
}

TEST(GithubTest, MergeAnswers) {
    const struct {
        HttpResponse response;
        const char* kind;
        bool queue = false;
    } kCases[] = {
        {answer(200, R"({"sha":"c","merged":true})"), "merged"},
        {says(405, "Pull Request is not mergeable"), "not_yet"},
        {says(405, "Base branch was modified. Review and try the merge again."), "not_yet"},
        {says(405, "Squash merges are not allowed on this repository."), "refused"},
        {says(405, "Merge commits are not allowed on this repository."), "refused"},
        {says(405, "Changes must be made through the merge queue"), "not_yet", true},
        {says(409, "Head branch was modified. Review and try the merge again."), "moved"},
        {says(422, "Validation Failed"), "refused"},
        {says(403, "Resource not accessible by integration"), "unauthorized"},
    };
    for (const auto& c : kCases) {
        bool queue = false;
        EXPECT_EQ(kind_of(github::read_merge(c.response, queue)), c.kind) << c.response.body;
        EXPECT_EQ(queue, c.queue);
    }
}

TEST(GithubTest, ErrorsInsideAGoodAnswer) {
    const struct {
        const char* message;
        const char* kind;
    } kCases[] = {
        {"Pull request Pull request is in clean status", "already"},
        {"Pull request Pull request is in unstable status", "already"},
        {"Pull request Pull request is in has_hooks status", "already"},
        {"Pull request Protected branch rules not configured for this branch", "already"},
        {"Can't enable auto-merge for this pull request", "already"},
        {"Pull request is already in the queue", "armed"},
        {"Pull request Auto merge is not allowed for this repository", "refused"},
        {"Merge method squash merging is not allowed on this repository", "refused"},
        {"Pull request Pull request is in dirty status", "not_yet"},
        {"Head sha didn't match expected head oid", "moved"},
    };
    for (const auto& c : kCases) {
        const auto error = github::read_graphql_errors(
            {{"data", nullptr},
             {"errors", Json::array({{{"type", "UNPROCESSABLE"}, {"message", c.message}}})}}
        );
        ASSERT_TRUE(error.has_value());
        EXPECT_EQ(kind_of(github::read_arming(*error)), c.kind) << c.message;
    }
    EXPECT_EQ(kind_of(github::read_arming(Status{})), "armed");
    EXPECT_EQ(github::read_graphql_errors({{"data", {{"a", 1}}}}), std::nullopt);
    const auto forbidden = github::read_graphql_errors(
        {{"errors", Json::array({{{"type", "FORBIDDEN"}, {"message", "no"}}})}}
    );
    EXPECT_EQ(forbidden->kind, Errc::Unauthorized);
    // As it comes since 2026; and what GitHub says for its own timeouts, without a type.
    EXPECT_EQ(
        github::read_graphql_errors(
            {{"errors",
              Json::array(
                  {{{"type", "RATE_LIMIT"},
                    {"code", "graphql_rate_limit"},
                    {"message", "API rate limit already exceeded for user ID 7."}}}
              )}}
        )->kind,
        Errc::RateLimited
    );
    EXPECT_EQ(
        github::read_graphql_errors(
            {{"errors",
              Json::array({{{"message", "Something went wrong while executing your query."}}})}}
        )->kind,
        Errc::Unavailable
    );
}

TEST(GithubTest, MergedIsWhatSaysSo) {
    // merge_commit_sha is there before a merge.
    const Json open{
        {"state", "open"},
        {"merged_at", nullptr},
        {"merge_commit_sha", "c"},
        {"mergeable_state", "behind"}};
    EXPECT_EQ(github::read_pull(open).state, State::Open);
    EXPECT_EQ(github::read_pull(open).merge_commit, "");
    EXPECT_EQ(github::read_pull(open).mergeable, Mergeable::Behind);
    // Checks that are not required run, or have failed.
    EXPECT_EQ(
        github::read_pull({{"state", "open"}, {"mergeable_state", "unstable"}}).mergeable,
        Mergeable::Blocked
    );
    const Json merged{
        {"state", "closed"}, {"merged_at", "2026-08-01T00:00:00Z"}, {"merge_commit_sha", "c"}};
    EXPECT_EQ(github::read_pull(merged).state, State::Merged);
    EXPECT_EQ(
        github::read_open_refusal(says(422, "A pull request already exists for acme:a.")).kind,
        Errc::Conflict
    );
    EXPECT_EQ(
        github::read_open_refusal(says(422, "No commits between main and a")).kind,
        Errc::InvalidInput
    );
}

TEST(GitlabTest, TheProjectIsOneEncodedWord) {
    EXPECT_EQ(
        gitlab::get_request("acme/sub/fleet", 7).path,
        "/projects/acme%2Fsub%2Ffleet/merge_requests/7"
    );
}

TEST(GitlabTest, DraftsArePrefixes) {
    const auto opened = Json::parse(
        gitlab::open_request("p", {.head = "a", .base = "b", .title = "t", .draft = true}).body
    );
    EXPECT_EQ(opened["title"], "Draft: t");
    auto now = numbered();
    now.draft = true;
    EXPECT_EQ(
        Json::parse(gitlab::update_request("p", now, {.draft = false})->body),
        (Json{{"title", "Update app"}})
    );
    EXPECT_EQ(
        Json::parse(gitlab::update_request("p", now, {.title = "New"})->body),
        (Json{{"title", "Draft: New"}})
    );
    EXPECT_EQ(
        gitlab::update_request("p", now, {.title = "Update app", .body = "old"}), std::nullopt
    );
    EXPECT_EQ(gitlab::read_request({{"title", "[Draft] Draft: x"}}).title, "x");
    EXPECT_TRUE(gitlab::read_request({{"title", "draft: x"}}).draft);
}

TEST(GitlabTest, AutoMergeIsAskedForInBothWords) {
    const auto body = Json::parse(gitlab::merge_request("p", 7, kSquash, true).body);
    EXPECT_EQ(body["auto_merge"], true);
    EXPECT_EQ(body["merge_when_pipeline_succeeds"], true);
    EXPECT_EQ(body["squash_commit_message"], "t\n\nm");
    EXPECT_EQ(
        Json::parse(gitlab::merge_request("p", 7, kSquash, false).body).count("auto_merge"), 0U
    );
}

TEST(GitlabTest, MergeAnswers) {
    const Json open{{"state", "opened"}, {"detailed_merge_status", "ci_still_running"}};
    const Json ready{{"state", "opened"}, {"detailed_merge_status", "mergeable"}};
    const Json armed{{"state", "opened"}, {"merge_when_pipeline_succeeds", true}};
    const Json old{{"state", "opened"}, {"merge_status", "can_be_merged"}};  // before 15.6
    const Json merged{
        {"state", "merged"}, {"merge_commit_sha", nullptr}, {"squash_commit_sha", "c"}};
    const struct {
        unsigned status;
        const char* message;
        const Json& fresh;
        bool arming;
        const char* kind;
    } kCases[] = {
        {200, "", merged, false, "merged"},
        {405, "405 Method Not Allowed", merged, true, "merged"},
        {200, "", armed, true, "armed"},
        {201, "", open, true, "armed"},  // on the train
        {405, "405 Method Not Allowed", open, false, "not_yet"},
        {405, "405 Method Not Allowed", open, true, "not_yet"},
        {405, "405 Method Not Allowed", ready, true, "already"},  // no pipeline
        {406, "Branch cannot be merged", open, false, "not_yet"},
        {409, "SHA does not match HEAD of source branch: abc", open, false, "moved"},
        {422, "Branch cannot be merged", open, false, "not_yet"},
        {401, "401 Unauthorized", open, false, "unauthorized"},
        {400, "Failed to merge", open, true, "not_yet"},  // a train
        {405, "405 Method Not Allowed", old, true, "already"},
    };
    for (const auto& c : kCases) {
        EXPECT_EQ(kind_of(gitlab::read_merge(says(c.status, c.message), c.fresh, c.arming)), c.kind)
            << c.status << c.message;
    }
}

TEST(GitlabTest, NothingIsArmedThatWouldBeMergedBeforeItsChecksBegin) {
    const auto request = [](const char* status, const char* pipeline) {
        Json out{{"state", "opened"}, {"sha", "abc"}, {"detailed_merge_status", status}};
        if (pipeline != nullptr) out["head_pipeline"] = {{"sha", "abc"}, {"status", pipeline}};
        return out;
    };
    const struct {
        Json fresh;
        const char* kind;  // "": ask
    } kCases[] = {
        {request("mergeable", nullptr), "already"},
        {request("mergeable", "success"), "already"},
        {request("mergeable", "failed"), "already"},
        {request("mergeable", "running"), ""},
        {request("mergeable", "manual"), ""},
        {request("checking", nullptr), "not_yet"},
        {request("preparing", nullptr), "not_yet"},
        {request("checking", "running"), ""},
        {request("ci_must_pass", nullptr), ""},
        {request("not_approved", nullptr), ""},
        {{{"state", "opened"}, {"sha", "other"}, {"detailed_merge_status", "mergeable"}}, "moved"},
        {{{"state", "merged"}, {"sha", "abc"}, {"merge_commit_sha", "m"}}, "merged"},
    };
    for (const auto& c : kCases) {
        auto answer = gitlab::read_before_arming(c.fresh, "abc");
        EXPECT_EQ(answer ? kind_of(std::move(*answer)) : "", c.kind) << c.fresh.dump();
    }
    // Lists have no pipelines.
    auto listed = request("mergeable", nullptr);
    listed["source_project_id"] = listed["target_project_id"] = 1;
    EXPECT_EQ(gitlab::read_requests(Json::array({listed})).front().mergeable, Mergeable::Unknown);
}

TEST(GitlabTest, WhatIsInTheWayOfMerging) {
    const struct {
        Json request;
        Mergeable mergeable;
    } kCases[] = {
        {{{"detailed_merge_status", "mergeable"}}, Mergeable::Clean},
        {{{"detailed_merge_status", "need_rebase"}}, Mergeable::Behind},
        {{{"detailed_merge_status", "conflict"}}, Mergeable::Conflict},
        {{{"detailed_merge_status", "preparing"}}, Mergeable::Unknown},
        {{{"detailed_merge_status", "security_policy_violations"}}, Mergeable::Blocked},
        {{{"detailed_merge_status", "what_comes_next_year"}}, Mergeable::Blocked},
        // Before 15.6.
        {{{"merge_status", "can_be_merged"}}, Mergeable::Clean},
        {{{"merge_status", "cannot_be_merged"}}, Mergeable::Conflict},
        {{{"merge_status", "cannot_be_merged_recheck"}}, Mergeable::Unknown},
        {{{"merge_status", "unchecked"}}, Mergeable::Unknown},
        {{{"merge_status", "can_be_merged"}, {"blocking_discussions_resolved", false}},
         Mergeable::Blocked},
        // A pipeline of the head, of an older one, of the merge result.
        {{{"detailed_merge_status", "mergeable"},
          {"sha", "b"},
          {"head_pipeline", {{"sha", "b"}, {"ref", "bump"}, {"status", "failed"}}}},
         Mergeable::Blocked},
        {{{"detailed_merge_status", "mergeable"},
          {"sha", "b"},
          {"head_pipeline", {{"sha", "a"}, {"ref", "bump"}, {"status", "failed"}}}},
         Mergeable::Clean},
        {{{"detailed_merge_status", "mergeable"},
          {"sha", "b"},
          {"head_pipeline",
           {{"sha", "c"}, {"ref", "refs/merge-requests/7/merge"}, {"status", "running"}}}},
         Mergeable::Blocked},
    };
    for (const auto& c : kCases) {
        EXPECT_EQ(gitlab::read_request(c.request).mergeable, c.mergeable) << c.request.dump();
    }
}

TEST(GiteaTest, MergeAnswers) {
    const struct {
        HttpResponse response;
        const char* kind;
    } kCases[] = {
        {answer(200, ""), "merged"},
        {answer(201, ""), "armed"},
        {says(405, "Please try again later"), "not_yet"},
        {says(405, "Work in progress PRs cannot be merged"), "not_yet"},
        {says(405, "User not allowed to merge PR"), "unauthorized"},
        {says(405, "squash is not allowed an allowed merge style for this repository"), "refused"},
        {says(409, "head out of date"), "moved"},
        {says(
             409, "pull request is already scheduled to auto merge when checks succeed [pull_id: 1]"
         ),
         "armed"},
        {says(409, "PushRejected without remote error message"), "not_yet"},
        {says(423, "archived"), "refused"},
    };
    for (const auto& c : kCases)
        EXPECT_EQ(kind_of(gitea::read_merge(c.response)), c.kind) << c.response.body;
}

TEST(LabelEventsTest, TheLastWordCountsInEveryForm) {
    const std::string label = "linkspan:rebuild";
    const auto github = [&](int id, const char* what, const char* who) {
        return Json{
            {"id", id}, {"event", what}, {"actor", {{"login", who}}}, {"label", {{"name", label}}}};
    };
    auto list = Json::array({github(1, "labeled", "ann"), github(2, "labeled", "bob")});
    list.push_back({{"id", 3}, {"event", "closed"}, {"actor", {{"login", "eve"}}}});
    EXPECT_EQ(github::read_label_events(list, "Linkspan:Rebuild").value().user, "bob");
    EXPECT_EQ(github::read_label_events(list, "other"), std::nullopt);
    list.push_back(github(4, "unlabeled", "ann"));
    EXPECT_EQ(github::read_label_events(list, label), std::nullopt);

    const auto gitlab = [&](int id, const char* action) {
        return Json{
            {"id", id},
            {"action", action},
            {"user", {{"username", "ann"}}},
            {"label", {{"name", label}}}};
    };
    // A label that was deleted since.
    list = Json::array({gitlab(1, "add"), {{"id", 2}, {"action", "add"}, {"label", nullptr}}});
    EXPECT_EQ(gitlab::read_label_events(list, label).value().id, "1");
    list.push_back(gitlab(3, "remove"));
    EXPECT_EQ(gitlab::read_label_events(list, label), std::nullopt);

    const auto gitea = [&](int id, const char* body) {
        return Json{
            {"id", id},
            {"type", "label"},
            {"body", body},
            {"user", {{"login", "ann"}}},
            {"label", {{"name", label}}}};
    };
    list = Json::array({gitea(1, "1"), {{"id", 2}, {"type", "comment"}, {"body", "1"}}});
    EXPECT_EQ(gitea::read_timeline(list, label).value().user, "ann");
    list.push_back(gitea(3, ""));
    EXPECT_EQ(gitea::read_timeline(list, label), std::nullopt);
}

TEST(AnyBaseTest, ASearchWithoutABaseHasNoneInIt) {
    EXPECT_EQ(github::find_pulls({"o", "r"}, "a", "", {}).path.find("base"), std::string::npos);
    EXPECT_EQ(
        gitlab::find_requests("p", "a", "", {}).path.find("target_branch"), std::string::npos
    );
    EXPECT_EQ(
        azure::find_requests({"o", "p", "r"}, "a", "", {}, 0).path.find("targetRefName"),
        std::string::npos
    );
    EXPECT_EQ(
        bitbucket_cloud::find_pulls({"o", "r"}, "a", "", {}).path.find("destination"),
        std::string::npos
    );
}

TEST(GiteaTest, ABranchThatIsGoneKeepsItsName) {
    const Json pull{
        {"number", 7},
        {"state", "closed"},
        {"head", {{"ref", "refs/pull/7/head"}, {"label", "linkspan/prod"}}}};
    EXPECT_EQ(gitea::read_pull(pull).head, "linkspan/prod");
}

TEST(GiteaTest, OnlyThisRepositorysBranchesCount) {
    const auto pull = [](int number, int head_repo, const char* head, const char* base) {
        return Json{
            {"number", number},
            {"state", "open"},
            {"title", "WIP: t"},
            {"head", {{"ref", head}, {"label", head}, {"repo_id", head_repo}}},
            {"base", {{"ref", base}, {"repo_id", 1}}}};
    };
    const auto found = gitea::read_pulls(
        Json::array(
            {pull(1, 1, "a", "main"),
             pull(2, 2, "a", "main"),
             pull(3, 1, "a", "main"),
             pull(4, 1, "a", "x"),
             pull(5, 1, "a/b", "main")}
        ),
        "a",
        "main"
    );
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].number, 3);
    EXPECT_EQ(found[0].title, "t");
    EXPECT_TRUE(found[0].draft);
    EXPECT_EQ(gitea::get_branch({"o", "r"}, "a/b#c").path, "/repos/o/r/branches/a/b%23c");
}

TEST(BitbucketCloudTest, AllIsSentAgain) {
    const Json as_is{
        {"id", 7},
        {"title", "Update app"},
        {"description", "old"},
        {"draft", true},
        {"close_source_branch", true},
        {"reviewers",
         Json::array(
             {{{"uuid", "{u-1}"}, {"display_name", "Lee"}},
              {{"uuid", "{u-2}"}, {"display_name", "Lee Left"}}}
         )}};
    const auto call = bitbucket_cloud::update_pull({"w", "r"}, as_is, {.body = "new"}, {"{u-1}"});
    EXPECT_EQ(call.path, "/repositories/w/r/pullrequests/7");
    EXPECT_EQ(
        Json::parse(call.body),
        (Json{
            {"title", "Update app"},
            {"description", "new"},
            {"draft", true},
            {"close_source_branch", true},
            {"reviewers", Json::array({{{"uuid", "{u-1}"}}})}})
    );
    const auto refusal = answer(
        400,
        R"({"error":{"message":"x","fields":{"reviewers":["Lee Left is not a member of this workspace and cannot be added to this pull request"]}}})"
    );
    EXPECT_EQ(bitbucket_cloud::named_reviewers(refusal, as_is), std::vector<std::string>{"{u-2}"});
    EXPECT_TRUE(bitbucket_cloud::is_about_reviewers(
        answer(400, R"({"error":{"message":"x","fields":{"reviewers":["left"]}}})")
    ));
    EXPECT_FALSE(bitbucket_cloud::is_about_reviewers(
        answer(400, R"({"error":{"message":"title: required"}})")
    ));
}

TEST(BitbucketCloudTest, TextInsideAQueryIsQuoted) {
    const auto path = bitbucket_cloud::find_pulls(
                          {"w", "r"}, "a\"b", "main", {State::Open, State::Merged, State::Closed}
    )
                          .path;
    EXPECT_NE(path.find("source.branch.name%3D%22a%5C%22b%22"), std::string::npos) << path;
    EXPECT_NE(
        path.find("state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"), std::string::npos
    );
}

TEST(BitbucketDcTest, EveryChangeNamesItsVersion) {
    const bitbucket_dc::Repo repo{"ACME", "fleet"};
    const auto body =
        Json::parse(bitbucket_dc::update_pull(repo, numbered(), {.title = "New"}, {"ann"}).body);
    EXPECT_EQ(
        body,
        (Json{
            {"version", 3},
            {"title", "New"},
            {"description", "old"},
            {"reviewers", Json::array({{{"user", {{"name", "ann"}}}}})}})
    );
    EXPECT_TRUE(bitbucket_dc::turn(repo, numbered(), "decline")
                    .path.ends_with("/pull-requests/7/decline?version=3"));
    EXPECT_EQ(bitbucket_dc::delete_branch(repo, "a/b", "abc").method, "DELETE");
}

TEST(BitbucketDcTest, Refusals) {
    const auto refusal = [](const char* exception, Json more = Json::object()) {
        more["message"] = "m";
        more["exceptionName"] = std::string{"com.atlassian.bitbucket.pull."} + exception;
        return answer(409, write_json({{"errors", Json::array({more})}}));
    };
    EXPECT_EQ(
        bitbucket_dc::read_refusal(refusal("DuplicatePullRequestException")).kind, Errc::Conflict
    );
    EXPECT_EQ(
        bitbucket_dc::read_refusal(refusal("EmptyPullRequestException")).kind, Errc::InvalidInput
    );
    EXPECT_EQ(
        kind_of(bitbucket_dc::read_merge(refusal("PullRequestOutOfDateException"), false)), "moved"
    );
    EXPECT_EQ(
        kind_of(bitbucket_dc::read_merge(refusal("PullRequestMergeVetoedException"), false)),
        "not_yet"
    );
    const auto left = bitbucket_dc::refused_reviewers(refusal(
        "InvalidPullRequestReviewersException",
        {{"reviewerErrors", Json::array({{{"context", "lee"}, {"message", "lee is not a user"}}})}}
    ));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].first, "lee");
}

TEST(AzureTest, RefsAreWholeAndReopeningIsAlone) {
    const azure::Repo repo{"acme", "My Platform", "fleet"};
    const auto path = azure::find_requests(repo, "a/b", "main", State::Open, 0).path;
    EXPECT_TRUE(path.starts_with("/My%20Platform/_apis/git/repositories/fleet/pullrequests?"))
        << path;
    EXPECT_NE(path.find("searchCriteria.sourceRefName=refs%2Fheads%2Fa%2Fb"), std::string::npos);
    EXPECT_NE(path.find("api-version=7.0"), std::string::npos);
    EXPECT_EQ(Json::parse(azure::set_state(repo, 7, true).body), (Json{{"status", "active"}}));
    EXPECT_EQ(
        Json::parse(azure::complete(repo, 7, kSquash).body)["lastMergeSourceCommit"]["commitId"],
        "abc"
    );
}

TEST(AzureTest, CompletionAnswers) {
    const azure::Repo repo{"acme", "p", "fleet"};
    const auto read = [&](const HttpResponse& response) -> std::string {
        auto result = azure::read_completion(response, repo, "https://dev.azure.com");
        if (result.has_error()) return std::string{to_string(result.error().kind)};
        return *result ? kind_of(std::move(**result)) : "later";
    };
    EXPECT_EQ(read(answer(200, R"({"status":"completed"})")), "merged");
    EXPECT_EQ(read(answer(200, R"({"status":"active","mergeStatus":"queued"})")), "later");
    EXPECT_EQ(read(answer(200, R"({"status":"active","mergeStatus":"conflicts"})")), "not_yet");
    EXPECT_EQ(
        read(answer(
            409, R"({"message":"TF401192: changed","typeKey":"GitPullRequestStaleException"})"
        )),
        "moved"
    );
    EXPECT_EQ(
        read(answer(
            403, R"({"message":"m","typeKey":"GitPullRequestUpdateRejectedByPolicyException"})"
        )),
        "not_yet"
    );
    EXPECT_EQ(
        read(answer(
            403, R"({"message":"TF401027: You need the Git 'GenericContribute' permission"})"
        )),
        "unauthorized"
    );
}

TEST(AzureTest, WhatIsUnfinishedOptionalOrNot) {
    const auto policy = [](const char* status, bool enabled) {
        return Json{
            {"status", status},
            {"configuration",
             {{"isBlocking", false},
              {"isEnabled", enabled},
              {"settings", {{"displayName", ""}}},
              {"type", {{"displayName", "Build"}}}}}};
    };
    const auto of = [](Json item) { return Json{{"value", Json::array({std::move(item)})}}; };
    EXPECT_EQ(azure::unfinished_policies(of(policy("approved", true))), "");
    EXPECT_EQ(azure::unfinished_policies(of(policy("notApplicable", true))), "");
    EXPECT_EQ(azure::unfinished_policies(of(policy("rejected", false))), "");
    for (const char* const status : {"queued", "running", "rejected", "broken"}) {
        EXPECT_EQ(
            azure::unfinished_policies(of(policy(status, true))),
            std::string{"the policy \"Build\" is "} + status
        );
    }
    const auto status = [](const char* state, const char* genre) {
        return Json{{"state", state}, {"context", {{"genre", genre}, {"name", "build"}}}};
    };
    EXPECT_EQ(azure::unfinished_statuses(of(status("succeeded", "ci"))), "");
    EXPECT_EQ(azure::unfinished_statuses(of(status("notApplicable", "ci"))), "");
    EXPECT_EQ(azure::unfinished_statuses(of(status("pending", "linkspan"))), "");
    EXPECT_EQ(
        azure::unfinished_statuses(of(status("failed", "ci"))), "the status \"build\" is failed"
    );
    EXPECT_EQ(azure::unfinished_policies(Json{}), "");
    EXPECT_NE(
        azure::list_policies({"acme", "My Platform", "fleet"}, "0-1", 7)
            .path.find("/My%20Platform/_apis/policy/evaluations?artifactId=vstfs%3A%2F%2F%2F"
                       "CodeReview%2FCodeReviewId%2F0-1%2F7&"),
        std::string::npos
    );
}

TEST(AzureTest, DeletingARefIsAnsweredWith200WhateverHappened) {
    const auto update = [](bool success, const char* status) {
        return Json{{"value", Json::array({{{"success", success}, {"updateStatus", status}}})}};
    };
    EXPECT_TRUE(azure::read_ref_update(update(true, "succeeded")).has_value());
    EXPECT_EQ(
        azure::read_ref_update(update(false, "staleOldObjectId")).error().kind, Errc::Conflict
    );
    EXPECT_EQ(
        azure::read_ref_update(update(false, "forcePushPermissionRequired")).error().kind,
        Errc::Unauthorized
    );
}

TEST(AgainTest, ShortensByCharacters) {
    EXPECT_EQ(shortened("äöü", 3), "äöü");
    EXPECT_EQ(shortened("äöüß", 3), "äö…");
    EXPECT_EQ(shortened("", 3), "");
}

TEST(MakeForgeTest, FromWhatIsConfigured) {
    const struct {
        ForgeOptions options;
        const char* name;  // or the error's kind
    } kCases[] = {
        {{.repository_url = "git@github.com:acme/fleet.git"}, "GitHub acme/fleet"},
        {{.repository_url = "https://git.example.com/acme/fleet.git"}, "invalid_input"},
        {{.type = ForgeType::Gitlab, .repository_url = "https://git.example.com/a/b/fleet.git"},
         "GitLab a/b/fleet"},
        {{.type = ForgeType::Gitea,
          .repository_url = "/srv/fleet.git",
          .url = "https://git.example.com/x",
          .project = "acme/fleet"},
         "Gitea acme/fleet"},
        {{.type = ForgeType::BitbucketDataCenter,
          .repository_url = "/srv/fleet.git",
          .url = "https://bb.example.com",
          .project = "ACME/fleet"},
         "Bitbucket ACME/fleet"},
        {{.type = ForgeType::AzureDevops,
          .repository_url = "/srv/fleet.git",
          .url = "https://dev.azure.com",
          .project = "acme/p/fleet"},
         "Azure DevOps acme/p/fleet"},
        {{.type = ForgeType::AzureDevops,
          .repository_url = "/srv/fleet.git",
          .url = "https://tfs.example.com/tfs",
          .project = "Main/p/fleet"},
         "Azure DevOps Main/p/fleet"},
        {{.type = ForgeType::AzureDevops,
          .repository_url = "/srv/fleet.git",
          .url = "https://ci.example.com/azure/Main/",
          .project = "main/p/fleet"},
         "Azure DevOps main/p/fleet"},
        {{.type = ForgeType::BitbucketCloud, .repository_url = "mirror:acme/fleet"},
         "Bitbucket acme/fleet"},
    };
    for (const auto& c : kCases) {
        const auto made = make_forge(c.options);
        EXPECT_EQ(
            made.has_error() ? std::string{to_string(made.error().kind)} : (*made)->name(), c.name
        ) << c.options.repository_url;
    }
}

}  // namespace
}  // namespace linkspan::forge
