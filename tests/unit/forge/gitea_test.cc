// What Gitea and Forgejo tell in other places than the pull request itself. The facts are of
// routers/api/v1/repo/pull.go, services/automerge and services/pull/commit_status.go of both.
#include "service/forge/gitea_answers.h"
#include "service/forge/gitea_requests.h"

#include <gtest/gtest.h>

namespace linkspan::forge::gitea {
namespace {

Json events(std::initializer_list<const char*> types) {
    Json out = Json::array();
    for (const char* type : types) out.push_back({{"type", type}});
    return out;
}

TEST(GiteaTimelineTest, ASchedulingLastsUntilItIsCancelled) {
    EXPECT_FALSE(read_armed(Json{}));
    EXPECT_FALSE(read_armed(events({"pull_push", "comment"})));
    EXPECT_TRUE(read_armed(events({"pull_scheduled_merge", "pull_push", "comment"})));
    EXPECT_FALSE(read_armed(events({"pull_scheduled_merge", "pull_cancel_scheduled_merge"})));
    EXPECT_TRUE(read_armed(
        events({"pull_scheduled_merge", "pull_cancel_scheduled_merge", "pull_scheduled_merge"})
    ));
}

TEST(GiteaChecksTest, EveryCheckCounts) {
    const Json good{{"state", "open"}, {"title", "t"}, {"mergeable", true}};
    const auto statuses = [](std::initializer_list<const char*> states) {
        Json out = Json::array();
        for (const char* state : states) out.push_back({{"status", state}});
        return out;
    };
    EXPECT_EQ(read_pull(good).mergeable, Mergeable::Unknown);
    EXPECT_EQ(read_mergeable(good, Json{}), Mergeable::Clean);
    EXPECT_EQ(read_mergeable(good, statuses({"success", "skipped"})), Mergeable::Clean);
    for (const char* state : {"pending", "failure", "error", "warning"}) {
        EXPECT_EQ(read_mergeable(good, statuses({"success", state})), Mergeable::Blocked) << state;
    }
    EXPECT_EQ(
        read_mergeable({{"state", "open"}, {"title", "t"}, {"mergeable", false}}, Json{}),
        Mergeable::Unknown
    );
    EXPECT_EQ(
        read_mergeable({{"state", "open"}, {"title", "WIP: t"}, {"mergeable", true}}, Json{}),
        Mergeable::Unknown
    );
}

TEST(GiteaRuleTest, WithoutARuleAScheduledMergeWaitsForNothing) {
    EXPECT_FALSE(makes_merges_wait({{"protected", false}}));
    EXPECT_FALSE(makes_merges_wait(
        {{"protected", true}, {"enable_status_check", false}, {"required_approvals", 0}}
    ));
    EXPECT_TRUE(makes_merges_wait({{"protected", true}, {"enable_status_check", true}}));
    EXPECT_TRUE(makes_merges_wait({{"protected", true}, {"required_approvals", 1}}));
}

TEST(GiteaRuleTest, StylesThatTheRepositoryForbids) {
    const Json repository{{"allow_merge_commits", true}, {"allow_squash_merge", false}};
    EXPECT_EQ(read_forbidden_style(repository, MergeMethod::Merge), "");
    EXPECT_NE(
        read_forbidden_style(repository, MergeMethod::Squash).find("squash"), std::string::npos
    );
    // Who may not see the settings sees none of them.
    EXPECT_EQ(read_forbidden_style(repository, MergeMethod::Rebase), "");
}

TEST(GiteaPeopleTest, TeamsThatWereAsked) {
    EXPECT_FALSE(asked_teams(Json{}));
    EXPECT_FALSE(asked_teams(Json::array({{{"user", {{"login", "ann"}}}, {"team", nullptr}}})));
    EXPECT_TRUE(asked_teams(Json::array({{{"team", {{"name", "platform"}}}}})));
}

TEST(GiteaRequestsTest, PagesAreCounted) {
    const Repo repo{"o", "r"};
    EXPECT_EQ(list_pulls(repo, true, 3).path, "/repos/o/r/pulls?state=open&limit=50&page=3");
    EXPECT_EQ(list_pulls(repo, false, 1).path, "/repos/o/r/pulls?state=closed&limit=50&page=1");
    EXPECT_EQ(list_labels(repo, 2).path, "/repos/o/r/labels?limit=50&page=2");
    EXPECT_EQ(list_organization_labels(repo, 1).path, "/orgs/o/labels?limit=50&page=1");
    EXPECT_EQ(list_timeline(repo, 7, 1).path, "/repos/o/r/issues/7/timeline?limit=50&page=1");
    EXPECT_EQ(get_statuses(repo, "abc", 1).path, "/repos/o/r/commits/abc/status?limit=50&page=1");
}

}  // namespace
}  // namespace linkspan::forge::gitea
