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

const Word
    kWords
        [] =
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
                {"github, a fork's branch of the same name",
                 "github",
                 {{"X-GitHub-Event", "pull_request"}},
                 R"({"action":"labeled","label":{"name":"linkspan:rebuild"},"pull_request":{"number":9,"head":{"ref":"linkspan/prod","sha":"aa","repo":{"full_name":"eve/fleet"}},"base":{"ref":"main"}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
                 ""},
                {"github, a fork that is gone",
                 "github",
                 {{"X-GitHub-Event", "pull_request"}},
                 R"({"action":"closed","pull_request":{"number":9,"merged":true,"head":{"ref":"linkspan/prod","sha":"aa","repo":null}},"repository":{"full_name":"acme/fleet"}})",
                 ""},
                {"github, its own repository",
                 "github",
                 {{"X-GitHub-Event", "pull_request"}},
                 R"({"action":"auto_merge_disabled","reason":"x","pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa","repo":{"full_name":"Acme/Fleet"}}},"repository":{"full_name":"acme/fleet"}})",
                 "changed 7 linkspan/prod aa"},
                {"github workflow of a fork",
                 "github",
                 {{"X-GitHub-Event", "workflow_run"}},
                 R"({"action":"completed","workflow_run":{"head_branch":"linkspan/prod","head_sha":"aa","head_repository":{"full_name":"eve/fleet"}},"repository":{"full_name":"acme/fleet"}})",
                 ""},
                {"github merge queue",
                 "github",
                 {{"X-GitHub-Event", "pull_request"}},
                 R"({"action":"dequeued","reason":"CI_FAILURE","pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"}},"repository":{"full_name":"acme/fleet"}})",
                 "changed 7 linkspan/prod aa"},
                {"github merge group, which names no pull request",
                 "github",
                 {{"X-GitHub-Event", "merge_group"}},
                 R"({"action":"destroyed","reason":"dequeued","merge_group":{"head_sha":"aa","head_ref":"refs/heads/gh-readonly-queue/main/pr-7-bb","base_ref":"refs/heads/main"},"repository":{"full_name":"acme/fleet"}})",
                 ""},
                {"gitlab label",
                 "gitlab",
                 {{"X-Gitlab-Event", "Merge Request Hook"}},
                 R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/fleet"},"user":{"username":"ann"},"object_attributes":{"iid":7,"action":"update","source_project_id":1,"target_project_id":1,"source_branch":"linkspan/prod","last_commit":{"id":"aa"}},"changes":{"labels":{"previous":[{"title":"images"}],"current":[{"title":"images"},{"title":"linkspan:rebuild"}]}}})",
                 "labelled 7 linkspan/prod aa"},
                {"gitlab, another label beside it",
                 "gitlab",
                 {{"X-Gitlab-Event", "Merge Request Hook"}},
                 R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/fleet"},"user":{"username":"ann"},"object_attributes":{"iid":7,"action":"update","source_branch":"linkspan/prod","last_commit":{"id":"aa"}},"changes":{"labels":{"previous":[{"title":"linkspan:rebuild"}],"current":[{"title":"images"},{"title":"linkspan:rebuild"}]}}})",
                 "changed 7 linkspan/prod aa"},
                {"gitlab, a push with the label on: all labels are told as new ones",
                 "gitlab",
                 {{"X-Gitlab-Event", "Merge Request Hook"}},
                 R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/fleet"},"user":{"username":"ann"},"object_attributes":{"iid":7,"action":"update","oldrev":"bb","source_branch":"linkspan/prod","last_commit":{"id":"aa"}},"changes":{"labels":{"previous":[],"current":[{"title":"linkspan:rebuild"}]}}})",
                 "pushed 7 linkspan/prod aa"},
                {"gitlab, approvals reset by the system",
                 "gitlab",
                 {{"X-Gitlab-Event", "Merge Request Hook"}},
                 R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/fleet"},"user":{"username":"ann"},"object_attributes":{"iid":7,"action":"unapproved","system":true,"system_action":"approvals_reset_on_push","source_branch":"linkspan/prod","last_commit":{"id":"aa"}}})",
                 "reviewed 7 linkspan/prod aa"},
                {"gitlab, a fork's branch of the same name",
                 "gitlab",
                 {{"X-Gitlab-Event", "Merge Request Hook"}},
                 R"({"object_kind":"merge_request","project":{"path_with_namespace":"acme/fleet"},"user":{"username":"ann"},"object_attributes":{"iid":9,"action":"open","source_project_id":2,"target_project_id":1,"source_branch":"linkspan/prod","last_commit":{"id":"aa"}}})",
                 ""},
                {"gitlab, a comment at a fork's",
                 "gitlab",
                 {{"X-Gitlab-Event", "Note Hook"}},
                 R"({"object_kind":"note","user":{"username":"ann"},"project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"id":5,"note":"linkspan rebuild"},"merge_request":{"iid":9,"source_project_id":2,"target_project_id":1,"source_branch":"linkspan/prod","last_commit":{"id":"aa"}}})",
                 ""},
                {"gitlab, a comment at a commit",
                 "gitlab",
                 {{"X-Gitlab-Event", "Note Hook"}},
                 R"({"object_kind":"note","user":{"username":"ann"},"project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"id":5,"note":"linkspan rebuild","noteable_type":"Commit"},"commit":{"id":"aa"}})",
                 ""},
                {"gitlab pipeline of a fork's merge request",
                 "gitlab",
                 {{"X-Gitlab-Event", "Pipeline Hook"}},
                 R"({"object_kind":"pipeline","project":{"path_with_namespace":"acme/fleet"},"object_attributes":{"ref":"refs/merge-requests/9/head","sha":"aa","tag":false,"status":"success","finished_at":"2026-08-01 10:00:00 UTC"},"merge_request":{"iid":9,"source_project_id":2,"target_project_id":1,"source_branch":"linkspan/prod","target_branch":"main"}})",
                 ""},
                {"gitea, a fork's branch of the same name",
                 "gitea",
                 {{"X-Gitea-Event", "pull_request"}, {"X-Gitea-Event-Type", "pull_request_sync"}},
                 R"({"action":"synchronized","number":9,"pull_request":{"number":9,"head":{"ref":"linkspan/prod","sha":"aa","repo_id":2,"repo":{"full_name":"eve/fleet"}}},"repository":{"full_name":"acme/fleet"}})",
                 ""},
                {"gitea label",
                 "gitea",
                 {{"X-Gitea-Event", "pull_request"}, {"X-Gitea-Event-Type", "pull_request_label"}},
                 R"({"action":"label_updated","number":7,"pull_request":{"number":7,"labels":[{"name":"linkspan:rebuild"}],"head":{"ref":"linkspan/prod","sha":"aa","repo":{"full_name":"acme/fleet"}}},"repository":{"full_name":"acme/fleet"},"sender":{"login":"ann"}})",
                 "labelled 7 linkspan/prod aa"},
                {"gitea, no label any more",
                 "gitea",
                 {{"X-Gitea-Event", "pull_request"}, {"X-Gitea-Event-Type", "pull_request_label"}},
                 R"({"action":"label_cleared","number":7,"pull_request":{"number":7,"labels":[],"head":{"ref":"linkspan/prod","sha":"aa"}},"repository":{"full_name":"acme/fleet"}})",
                 "changed 7 linkspan/prod aa"},
                {"gitea rejected",
                 "gitea",
                 {{"X-Gitea-Event", "pull_request_rejected"},
                  {"X-Gitea-Event-Type", "pull_request_review_rejected"}},
                 R"({"action":"reviewed","review":{"type":"pull_request_review_rejected","content":"no"},"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"}},"repository":{"full_name":"acme/fleet"}})",
                 "reviewed 7 linkspan/prod aa"},
                {"gitea reviewers",
                 "gitea",
                 {{"X-Gitea-Event", "pull_request_review_request"}},
                 R"({"action":"review_requested","requested_reviewer":{"login":"bob"},"pull_request":{"number":7,"head":{"ref":"linkspan/prod","sha":"aa"}},"review":null,"repository":{"full_name":"acme/fleet"}})",
                 "changed 7 linkspan/prod aa"},
                {"gitea status, which names no branch",
                 "gitea",
                 {{"X-Gitea-Event", "status"}},
                 R"({"sha":"aa","context":"ci/build","state":"success","commit":{"id":"aa"},"repository":{"full_name":"acme/fleet"}})",
                 ""},
                {"bitbucket, a fork's branch of the same name",
                 "bitbucket",
                 {{"X-Event-Key", "pullrequest:created"}},
                 R"({"repository":{"full_name":"acme/fleet"},"pullrequest":{"id":9,"source":{"branch":{"name":"linkspan/prod"},"commit":{"hash":"aa"},"repository":{"full_name":"eve/fleet"}}}})",
                 ""},
                {"bitbucket, a fork that is gone",
                 "bitbucket",
                 {{"X-Event-Key", "pullrequest:rejected"}},
                 R"({"repository":{"full_name":"acme/fleet"},"pullrequest":{"id":9,"source":{"branch":{"name":"linkspan/prod"},"commit":{"hash":"aa"},"repository":null}}})",
                 ""},
                {"bitbucket updated",
                 "bitbucket",
                 {{"X-Event-Key", "pullrequest:updated"}},
                 R"({"repository":{"full_name":"acme/fleet"},"pullrequest":{"id":7,"source":{"branch":{"name":"linkspan/prod"},"commit":{"hash":"aa"},"repository":{"full_name":"acme/fleet"}}}})",
                 "changed 7 linkspan/prod aa"},
                {"bitbucket, changes asked for",
                 "bitbucket",
                 {{"X-Event-Key", "pullrequest:changes_request_created"}},
                 R"({"repository":{"full_name":"acme/fleet"},"changes_request":{"date":"2026-08-01T10:00:00Z"},"pullrequest":{"id":7,"source":{"branch":{"name":"linkspan/prod"},"commit":{"hash":"aa"}}}})",
                 "reviewed 7 linkspan/prod aa"},
                {"data center, a fork's branch of the same name",
                 "bitbucket_server",
                 {{"X-Event-Key", "pr:opened"}},
                 R"({"eventKey":"pr:opened","pullRequest":{"id":9,"fromRef":{"id":"refs/heads/linkspan/prod","latestCommit":"aa","repository":{"slug":"fleet","project":{"key":"~EVE"}}},"toRef":{"id":"refs/heads/main","repository":{"slug":"fleet","project":{"key":"acme"}}}}})",
                 ""},
                {"data center, its own repository",
                 "bitbucket_server",
                 {{"X-Event-Key", "pr:deleted"}},
                 R"({"eventKey":"pr:deleted","pullRequest":{"id":7,"fromRef":{"id":"refs/heads/linkspan/prod","latestCommit":"aa","repository":{"slug":"fleet","project":{"key":"acme"}}},"toRef":{"id":"refs/heads/main","repository":{"slug":"fleet","project":{"key":"acme"}}}}})",
                 "closed 7 linkspan/prod aa"},
                {"azure, a fork's branch of the same name",
                 "azuredevops",
                 {},
                 R"({"id":"1","eventType":"git.pullrequest.created","resource":{"repository":{"name":"fleet","project":{"name":"acme"}},"forkSource":{"name":"refs/heads/linkspan/prod","repository":{"id":"2"}},"pullRequestId":9,"status":"active","sourceRefName":"refs/heads/linkspan/prod"}})",
                 ""},
                {"azure, abandoned",
                 "azuredevops",
                 {},
                 R"({"id":"1","eventType":"git.pullrequest.updated","resource":{"repository":{"name":"fleet","project":{"name":"acme"}},"pullRequestId":7,"status":"abandoned","sourceRefName":"refs/heads/linkspan/prod","lastMergeSourceCommit":{"commitId":"aa"}}})",
                 "closed 7 linkspan/prod aa"},
                {"azure, only what identifies it",
                 "azuredevops",
                 {},
                 R"({"id":"1","eventType":"git.pullrequest.updated","resource":{"repository":{"id":"4bc14d40-c903-45e2-872e-0462c7748079","url":"https://dev.azure.com/acme/_apis/git/repositories/4bc14d40-c903-45e2-872e-0462c7748079"},"pullRequestId":7,"url":"x"},"resourceVersion":"1.0"})",
                 ""},
                {"azure, no resource at all",
                 "azuredevops",
                 {},
                 R"({"id":"1","eventType":"ms.vss-code.git-pullrequest-comment-event","resource":null})",
                 ""},
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
        EXPECT_TRUE(is_about(event, event.without_owner ? "org/acme/fleet" : "acme/fleet"));
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

TEST(PullRequestEvents, AreAboutOneRepositoryAlone) {
    const struct {
        const char* named;
        bool without_owner;
        const char* path;
        bool expected;
    } kAbout[] = {
        {"acme/fleet", false, "acme/fleet", true},
        {"Acme/Fleet", false, "acme/fleet", true},
        {"acme/fleet", false, "group/acme/fleet", false},
        {"fleet", false, "acme/fleet", false},
        {"acme/fleet", false, "acme/fleet2", false},
        {"acme/fleet", false, "acme", false},
        {"", false, "", false},
        {"/", false, "acme/", false},
        {"platform/fleet", true, "acme/platform/fleet", true},
        {"platform/fleet", true, "tfs/Main/Platform/fleet", true},
        {"platform/fleet", true, "acme/my-platform/fleet", false},
        {"platform/fleet", true, "platform/fleet", false},
        {"acme/platform/fleet", false, "acme/platform/fleet", true},
    };
    for (const auto& c : kAbout) {
        PullRequestEvent event;
        event.repository = c.named;
        event.without_owner = c.without_owner;
        EXPECT_EQ(is_about(event, c.path), c.expected) << c.named << " " << c.path;
    }
}

// Whatever is sent is understood, or refused; nothing throws, and nothing is taken for ours.
TEST(PullRequestEvents, HostileBodies) {
    const std::string deep(5000, '[');
    std::string nested = R"({"pull_request":)";
    for (int i = 0; i < 60; ++i) nested += R"({"head":)";
    nested += "1" + std::string(61, '}');
    const std::string bodies[] = {
        "",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{",
        deep,
        nested,
        R"({"pull_request":[],"pullrequest":[],"pullRequest":[],"resource":[],"eventType":"git.pullrequest.created"})",
        R"({"pull_request":{},"pullrequest":{},"pullRequest":{},"resource":{},"eventType":"git.pullrequest.created","object_kind":"merge_request"})",
        R"({"action":7,"pull_request":{"number":"7","head":"x","base":null},"repository":"acme/fleet","sender":[]})",
        R"({"action":"closed","pull_request":{"number":1e300,"head":{"ref":{}}},"repository":{"full_name":7}})",
        R"({"object_kind":"note","merge_request":{"iid":-1},"object_attributes":[],"project":[]})",
        R"({"object_kind":"pipeline","object_attributes":{"finished_at":"x","ref":7},"merge_request":[]})",
        R"({"eventType":"ms.vss-code.git-pullrequest-comment-event","resource":{"comment":"x","pullRequest":7}})",
        R"({"commit_status":{"refname":7,"state":[]},"branches":"x","sha":"a","context":"b","state":7})",
        "{\"pull_request\":{\"head\":{\"ref\":\"\xff\xfe\"}}}",
    };
    for (const char* const type :
         {"github", "gitlab", "gitea", "bitbucket", "bitbucket_server", "azuredevops"}) {
        for (const auto& body : bodies) {
            SCOPED_TRACE(std::string{type} + " " + body.substr(0, 80));
            RawDelivery delivery;
            delivery.body = body;
            (void)find_sender(type)->delivery_id(delivery, Receiver{});
            const auto parsed = find_sender(type)->parse(delivery, Receiver{});
            if (parsed.has_error()) {
                EXPECT_EQ(parsed.error().kind, Errc::InvalidInput);
                continue;
            }
            for (const auto& event : parsed->pull_requests) {
                EXPECT_FALSE(is_about(event, "acme/fleet"));
            }
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
