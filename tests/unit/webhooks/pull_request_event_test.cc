// Bodies written from the platforms' documentation, cut to what is read.
#include "webhooks/pull_request_event.h"

#include "tests/unit/webhooks/support.h"
#include "webhooks/hash.h"
#include "webhooks/json_output.h"
#include "webhooks/senders.h"

#include <gtest/gtest.h>

namespace linkspan::webhooks {
namespace {

using What = PullRequestEvent::What;

struct Case {
    const char* name;
    const char* type;
    Headers headers;
    const char* body;
    What what;
    const char* actor;
    const char* words;  // text or label
};

const Case kCases[] = {
    {"github merged",
     "github",
     {{"X-GitHub-Event", "pull_request"}},
     R"({"action":"closed","number":7,"pull_request":{"number":7,"merged":true,"merge_commit_sha":"cc","head":{"ref":"linkspan/prod","sha":"aa"},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
     What::Merged,
     "ann",
     ""},
    {"github closed, with a merge_commit_sha all the same",
     "github",
     {{"X-GitHub-Event", "pull_request"}},
     R"({"action":"closed","pull_request":{"number":7,"merged":false,"merge_commit_sha":"cc","head":{"ref":"linkspan/prod","sha":"aa"},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
     What::Closed,
     "ann",
     ""},
    {"github labelled",
     "github",
     {{"X-GitHub-Event", "pull_request"}},
     R"({"action":"labeled","label":{"name":"linkspan:rebuild"},"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
     What::Labelled,
     "ann",
     "linkspan:rebuild"},
    {"github comment",
     "github",
     {{"X-GitHub-Event", "issue_comment"}},
     R"({"action":"created","issue":{"number":7,"pull_request":{"url":"x"}},"comment":{"id":99,"body":"linkspan rebuild","user":{"login":"bob"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"bob"}})",
     What::Commented,
     "bob",
     "linkspan rebuild"},
    {"gitea comment, told beside the issue",
     "gitea",
     {{"X-Gitea-Event", "issue_comment"}},
     R"({"action":"created","issue":{"number":7},"is_pull":true,"comment":{"id":99,"body":"linkspan rebuild","user":{"login":"bob"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"bob"}})",
     What::Commented,
     "bob",
     "linkspan rebuild"},
    {"gitea pushed",
     "gitea",
     {{"X-Gitea-Event", "pull_request"}},
     R"({"action":"synchronized","number":7,"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
     What::Pushed,
     "ann",
     ""},
    {"gitlab merged",
     "gitlab",
     {{"X-Gitlab-Event", "Merge Request Hook"}},
     R"({"object_kind":"merge_request","user":{"username":"ann"},"project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"iid":7,"action":"merge","state":"merged","source_branch":"linkspan/prod","target_branch":"main","last_commit":{"id":"aa"}}})",
     What::Merged,
     "ann",
     ""},
    {"gitlab note",
     "gitlab",
     {{"X-Gitlab-Event", "Note Hook"}},
     R"({"object_kind":"note","user":{"username":"ann"},"project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"id":5,"note":"linkspan rebuild","noteable_type":"MergeRequest"},"merge_request":{"iid":7,"source_branch":"linkspan/prod","target_branch":"main","last_commit":{"id":"aa"}}})",
     What::Commented,
     "ann",
     "linkspan rebuild"},
    {"bitbucket declined",
     "bitbucket",
     {{"X-Event-Key", "pullrequest:rejected"}},
     R"({"actor":{"account_id":"ann"},"repository":{"full_name":"acme/fleet"},"pullrequest":{"id":7,"state":"DECLINED","source":{"branch":{"name":"linkspan/prod"},"commit":{"hash":"aa"}},"destination":{"branch":{"name":"main"}}}})",
     What::Closed,
     "ann",
     ""},
    {"bitbucket server pushed",
     "bitbucket_server",
     {{"X-Event-Key", "pr:from_ref_updated"}},
     R"({"eventKey":"pr:from_ref_updated","actor":{"name":"ann"},"pullRequest":{"id":7,"state":"OPEN","fromRef":{"id":"refs/heads/linkspan/prod","latestCommit":"aa"},"toRef":{"id":"refs/heads/main","repository":{"slug":"fleet","project":{"key":"acme"}}}}})",
     What::Pushed,
     "ann",
     ""},
    {"azure completed",
     "azuredevops",
     {},
     R"({"id":"d1","eventType":"git.pullrequest.updated","resource":{"pullRequestId":7,"status":"completed","sourceRefName":"refs/heads/linkspan/prod","targetRefName":"refs/heads/main","lastMergeSourceCommit":{"commitId":"aa"},"repository":{"name":"fleet","project":{"name":"acme"}}}})",
     What::Merged,
     "",
     ""},
    {"azure: an attempt to merge is no merge",
     "azuredevops",
     {},
     R"({"id":"d1","eventType":"git.pullrequest.merged","resource":{"pullRequestId":7,"status":"active","sourceRefName":"refs/heads/linkspan/prod","targetRefName":"refs/heads/main","lastMergeSourceCommit":{"commitId":"aa"},"repository":{"name":"fleet","project":{"name":"acme"}}}})",
     What::Changed,
     "",
     ""},
};

struct Word {
    const char* name;
    const char* type;
    Headers headers;
    const char* body;
    const char*
        words;  // of each event: what number head commit; "" where nothing is to be looked at
};

const Word kWords[] =
    {
        {"github review",
         "github",
         {{"X-GitHub-Event", "pull_request_review"}},
         R"({"action":"submitted","review":{"id":1,"state":"approved","user":{"login":"ann"}},"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
         "reviewed 7 linkspan/prod aa"},
        {"github check suite",
         "github",
         {{"X-GitHub-Event", "check_suite"}},
         R"({"action":"completed","check_suite":{"head_branch":"linkspan/prod","head_sha":"aa","status":"completed","conclusion":"success","pull_requests":[]},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
         "checked 0 linkspan/prod aa"},
        {"github check suite of no branch",
         "github",
         {{"X-GitHub-Event", "check_suite"}},
         R"({"action":"completed","check_suite":{"head_branch":null,"head_sha":"aa"},"repository":{"full_name":"acme/fleet"}})",
         ""},
        {"github check run begins",
         "github",
         {{"X-GitHub-Event", "check_run"}},
         R"({"action":"created","check_run":{"head_sha":"aa","check_suite":{"head_branch":"linkspan/prod"}},"repository":{"full_name":"acme/fleet"}})",
         ""},
        {"github check run ends",
         "github",
         {{"X-GitHub-Event", "check_run"}},
         R"({"action":"completed","check_run":{"head_sha":"aa","check_suite":{"head_branch":"linkspan/prod"}},"repository":{"full_name":"acme/fleet"}})",
         "checked 0 linkspan/prod aa"},
        {"github workflow",
         "github",
         {{"X-GitHub-Event", "workflow_run"}},
         R"({"action":"completed","workflow_run":{"head_branch":"linkspan/prod","head_sha":"aa","conclusion":"success"},"repository":{"full_name":"acme/fleet"}})",
         "checked 0 linkspan/prod aa"},
        {"github status on two branches",
         "github",
         {{"X-GitHub-Event", "status"}},
         R"({"sha":"aa","context":"ci/build","state":"success","branches":[{"name":"linkspan/prod"},{"name":"main"}],"repository":{"full_name":"acme/fleet"}})",
         "checked 0 linkspan/prod aa, checked 0 main aa"},
        {"github status that is pending",
         "github",
         {{"X-GitHub-Event", "status"}},
         R"({"sha":"aa","context":"ci/build","state":"pending","branches":[{"name":"linkspan/prod"}],"repository":{"full_name":"acme/fleet"}})",
         ""},
        {"github body edited",
         "github",
         {{"X-GitHub-Event", "pull_request"}},
         R"({"action":"edited","changes":{"body":{"from":"- [ ] x"}},"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"}},"repository":{"full_name":"acme/fleet"}})",
         "changed 7 linkspan/prod aa"},
        {"gitlab approval",
         "gitlab",
         {{"X-Gitlab-Event", "Merge Request Hook"}},
         R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/fleet"},"user":{"username":"ann"},"object_attributes":{"iid":7,"action":"approved","source_branch":"linkspan/prod","last_commit":{"id":"aa"}}})",
         "reviewed 7 linkspan/prod aa"},
        {"gitlab pipeline of a merge request",
         "gitlab",
         {{"X-Gitlab-Event", "Pipeline Hook"}},
         R"({"object_kind":"pipeline","project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"ref":"refs/merge-requests/7/head","sha":"aa","tag":false,"status":"failed","finished_at":"2026-08-01 10:00:00 UTC"},"merge_request":{"iid":7,"source_branch":"linkspan/prod","target_branch":"main"}})",
         "checked 7 linkspan/prod aa"},
        {"gitlab pipeline of a branch",
         "gitlab",
         {{"X-Gitlab-Event", "Pipeline Hook"}},
         R"({"object_kind":"pipeline","project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"ref":"linkspan/prod","sha":"aa","tag":false,"status":"success","finished_at":"2026-08-01 10:00:00 UTC"},"merge_request":null})",
         "checked 0 linkspan/prod aa"},
        {"gitlab pipeline of a tag",
         "gitlab",
         {{"X-Gitlab-Event", "Pipeline Hook"}},
         R"({"object_kind":"pipeline","project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"ref":"v1","sha":"aa","tag":true,"status":"success","finished_at":"2026-08-01 10:00:00 UTC"}})",
         ""},
        {"gitlab pipeline that runs",
         "gitlab",
         {{"X-Gitlab-Event", "Pipeline Hook"}},
         R"({"object_kind":"pipeline","project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"ref":"linkspan/prod","sha":"aa","tag":false,"status":"running","finished_at":null}})",
         ""},
        {"forgejo review",
         "gitea",
         {{"X-Forgejo-Event", "pull_request_approved"},
          {"X-GitHub-Event", "pull_request_approved"}},
         R"({"action":"reviewed","review":{"type":"pull_request_review_approved","content":""},"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
         "reviewed 7 linkspan/prod aa"},
        {"gitea workflow",
         "gitea",
         {{"X-Gitea-Event", "workflow_run"}},
         R"({"action":"completed","workflow_run":{"head_branch":"linkspan/prod","head_sha":"aa"},"repository":{"full_name":"acme/fleet"}})",
         "checked 0 linkspan/prod aa"},
        {"bitbucket approval",
         "bitbucket",
         {{"X-Event-Key", "pullrequest:approved"}},
         R"({"actor":{"account_id":"test:ann"},"repository":{"full_name":"acme/fleet"},"pullrequest":{"id":7,"source":{"branch":{"name":"linkspan/prod"},"commit":{"hash":"aa"}}},"approval":{"date":"2026-08-01T10:00:00Z"}})",
         "reviewed 7 linkspan/prod aa"},
        {"bitbucket build",
         "bitbucket",
         {{"X-Event-Key", "repo:commit_status_updated"}},
         R"({"actor":{"account_id":"test:ann"},"repository":{"full_name":"acme/fleet"},"commit_status":{"type":"build","key":"ci","state":"SUCCESSFUL","refname":"linkspan/prod"}})",
         "checked 0 linkspan/prod "},
        {"bitbucket build that runs",
         "bitbucket",
         {{"X-Event-Key", "repo:commit_status_created"}},
         R"({"repository":{"full_name":"acme/fleet"},"commit_status":{"key":"ci","state":"INPROGRESS","refname":"linkspan/prod"}})",
         ""},
        {"bitbucket build of no branch",
         "bitbucket",
         {{"X-Event-Key", "repo:commit_status_updated"}},
         R"({"repository":{"full_name":"acme/fleet"},"commit_status":{"key":"ci","state":"SUCCESSFUL","refname":null}})",
         ""},
        {"data center approval",
         "bitbucket_server",
         {{"X-Event-Key", "pr:reviewer:approved"}},
         R"({"eventKey":"pr:reviewer:approved","actor":{"name":"ann"},"pullRequest":{"id":7,"fromRef":{"id":"refs/heads/linkspan/prod","latestCommit":"aa"},"toRef":{"id":"refs/heads/main","repository":{"slug":"fleet","project":{"key":"acme"}}}}})",
         "reviewed 7 linkspan/prod aa"},
        {"data center, other reviewers",
         "bitbucket_server",
         {{"X-Event-Key", "pr:reviewer:updated"}},
         R"({"eventKey":"pr:reviewer:updated","pullRequest":{"id":7,"fromRef":{"id":"refs/heads/linkspan/prod","latestCommit":"aa"},"toRef":{"id":"refs/heads/main","repository":{"slug":"fleet","project":{"key":"acme"}}}}})",
         "changed 7 linkspan/prod aa"},
        {"azure vote",
         "azuredevops",
         {},
         R"({"id":"03c164c2","eventType":"git.pullrequest.updated","resource":{"repository":{"name":"fleet","project":{"name":"acme"}},"pullRequestId":7,"status":"active","sourceRefName":"refs/heads/linkspan/prod","targetRefName":"refs/heads/main","lastMergeSourceCommit":{"commitId":"aa"},"reviewers":[{"vote":10}]}})",
         "changed 7 linkspan/prod aa"},
};

TEST(PullRequestEvents, ReviewsAndChecks) {
    for (const auto& c : kWords) {
        SCOPED_TRACE(c.name);
        const auto parsed =
            testing::read(testing::delivery_of(c.body, c.headers), testing::open_receiver(c.type));
        ASSERT_FALSE(parsed.has_error()) << parsed.error().message;
        EXPECT_TRUE(parsed->ignored_reason.has_value());
        std::string words;
        for (const auto& event : parsed->pull_requests) {
            EXPECT_EQ(event.repository, "acme/fleet");
            words += (words.empty() ? "" : ", ") + std::string{to_string(event.what)} + " " +
                     std::to_string(event.number) + " " + event.head + " " + event.head_commit;
        }
        EXPECT_EQ(words, c.words);
    }
}

// Word for word as `linkspan webhook parse` shows them.
TEST(PullRequestEvents, AsJson) {
    EXPECT_EQ(
        to_json(*testing::read(kWords[0].body, testing::open_receiver("github"))),
        R"({"events":[],"ignored":"pull request 7 reviewed","pull_requests":[{"what":"reviewed",)"
        R"("number":7,"repository":"acme/fleet","head":"linkspan/prod","base":"main",)"
        R"("head_commit":"aa","actor":"ann","comment":null,"text":null,"label":null}]})"
    );
}

// Like every other delivery: what the platform signs, or sends as its secret, is looked at first.
TEST(PullRequestEvents, OnlyFromWhoKnowsTheSecret) {
    const auto hmac_of = [](const std::string& body) {
        return to_hex(hmac(HashAlgorithm::Sha256, testing::kSecret, body));
    };
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.name);
        Receiver receiver = testing::open_receiver(c.type);
        receiver.auth.scheme = AuthScheme::Own;
        receiver.auth.secrets = testing::secrets({testing::kSecret});
        const std::string type = c.type;
        Headers headers = c.headers;
        if (type == "gitlab") {
            headers.add("X-Gitlab-Token", testing::kSecret);
        } else if (type == "azuredevops") {
            headers.add("X-Webhook-Secret", testing::kSecret);
        } else if (type == "gitea") {
            headers.add("X-Gitea-Signature", hmac_of(c.body));
        } else if (type == "github") {
            headers.add("X-Hub-Signature-256", "sha256=" + hmac_of(c.body));
        } else {
            headers.add("X-Hub-Signature", "sha256=" + hmac_of(c.body));
        }
        const auto good = testing::read(testing::delivery_of(c.body, headers), receiver);
        ASSERT_TRUE(good.has_value()) << good.error().message;
        EXPECT_EQ(good->pull_requests.size(), 1U);
        EXPECT_TRUE(testing::read(testing::delivery_of(c.body, c.headers), receiver).has_error());
        receiver.auth.secrets = testing::secrets({"another-test-secret"});
        EXPECT_TRUE(testing::read(testing::delivery_of(c.body, headers), receiver).has_error());
    }
}

TEST(PullRequestEvents, OfEveryForm) {
    for (const auto& c : kCases) {
        SCOPED_TRACE(c.name);
        RawDelivery delivery;
        delivery.headers = c.headers;
        delivery.body = c.body;
        const auto parsed = find_sender(c.type)->parse(delivery, Receiver{});
        ASSERT_FALSE(parsed.has_error()) << parsed.error().message;
        ASSERT_EQ(parsed->pull_requests.size(), 1U);
        EXPECT_TRUE(parsed->events.empty());
        EXPECT_TRUE(parsed->ignored_reason.has_value());
        const auto& event = parsed->pull_requests[0];
        EXPECT_EQ(event.what, c.what);
        EXPECT_EQ(event.repository, "acme/fleet");
        EXPECT_EQ(event.number, 7);
        EXPECT_EQ(event.actor, c.actor);
        EXPECT_EQ(event.text + event.label, c.words);
        if (c.what != What::Commented) {
            EXPECT_EQ(event.head, "linkspan/prod");
            EXPECT_EQ(event.base, "main");
            EXPECT_EQ(event.head_commit, "aa");
        }
    }
}

TEST(PullRequestEvents, PingsAndOtherEventsAreNone) {
    RawDelivery ping;
    ping.headers = {{"X-Event-Key", "diagnostics:ping"}};
    ping.body = R"({"test":true})";
    EXPECT_EQ(find_sender("bitbucket_server")->parse(ping, Receiver{})->ignored_reason, "ping");
    for (const char* const type : {"bitbucket", "bitbucket_server", "azuredevops"}) {
        RawDelivery other;
        other.body = R"({"eventType":"git.push","push":{}})";
        const auto parsed = find_sender(type)->parse(other, Receiver{});
        ASSERT_FALSE(parsed.has_error());
        EXPECT_TRUE(parsed->pull_requests.empty());
        other.body = "[";
        EXPECT_TRUE(find_sender(type)->parse(other, Receiver{}).has_error());
    }
}

}  // namespace
}  // namespace linkspan::webhooks
