// Bodies written from the platforms' documentation, cut to what is read.
#include "webhooks/pull_request_event.h"

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
