// What stands against merging on Bitbucket Cloud and Data Center, and what a PUT must not lose.
#include "service/forge/bitbucket_cloud_answers.h"
#include "service/forge/bitbucket_dc_answers.h"

#include <gtest/gtest.h>

namespace linkspan::forge {
namespace {

TEST(BitbucketCloudMergeableTest, BuildsReviewersAndTasks) {
    const auto builds = [](std::initializer_list<const char*> states) {
        Json out = Json::array();
        for (const char* state : states) out.push_back({{"state", state}});
        return out;
    };
    const auto said = [](const char* state) {
        return Json{{"participants", Json::array({{{"state", state}}})}};
    };
    using bitbucket_cloud::read_mergeable;
    EXPECT_EQ(read_mergeable({{"task_count", 0}}, builds({})), Mergeable::Clean);
    EXPECT_EQ(read_mergeable(said("approved"), builds({"SUCCESSFUL"})), Mergeable::Clean);
    EXPECT_EQ(read_mergeable(said("changes_requested"), builds({})), Mergeable::Blocked);
    EXPECT_EQ(read_mergeable({{"task_count", 1}}, builds({})), Mergeable::Blocked);
    for (const char* state : {"INPROGRESS", "FAILED", "STOPPED"}) {
        EXPECT_EQ(read_mergeable({}, builds({"SUCCESSFUL", state})), Mergeable::Blocked) << state;
    }
}

TEST(BitbucketDcMergeableTest, BuildsReviewersAndTasks) {
    using bitbucket_dc::read_mergeability;
    const Json may{{"canMerge", true}};
    const Json green{{"successful", 2}, {"inProgress", 0}, {"failed", 0}};
    EXPECT_EQ(read_mergeability({}, may, green), Mergeable::Clean);
    EXPECT_EQ(read_mergeability({}, may, Json{}), Mergeable::Unknown);
    EXPECT_EQ(read_mergeability({}, may, {{"inProgress", 1}}), Mergeable::Blocked);
    EXPECT_EQ(read_mergeability({}, may, {{"failed", 1}}), Mergeable::Blocked);
    EXPECT_EQ(
        read_mergeability({{"reviewers", Json::array({{{"status", "NEEDS_WORK"}}})}}, may, green),
        Mergeable::Blocked
    );
    EXPECT_EQ(
        read_mergeability({{"properties", {{"openTaskCount", 1}}}}, may, green), Mergeable::Blocked
    );
    EXPECT_EQ(
        read_mergeability({}, {{"canMerge", false}, {"conflicted", true}}, green),
        Mergeable::Conflict
    );
    EXPECT_EQ(read_mergeability({}, {{"canMerge", false}}, green), Mergeable::Blocked);
    EXPECT_EQ(read_mergeability({}, Json{}, green), Mergeable::Unknown);
}

TEST(BitbucketDcRequestsTest, DraftsAndMessagesAreOurs) {
    const bitbucket_dc::Repo repo{"ACME", "fleet"};
    PullRequest now;
    now.number = 7;
    now.version = "3";
    now.draft = true;
    EXPECT_EQ(
        Json::parse(bitbucket_dc::update_pull(repo, now, {.title = "t"}, {}).body)["draft"], true
    );
    EXPECT_EQ(
        Json::parse(bitbucket_dc::update_pull(repo, now, {.draft = false}, {}).body)["draft"], false
    );
    now.draft = false;
    EXPECT_EQ(
        Json::parse(bitbucket_dc::update_pull(repo, now, {.title = "t"}, {}).body).count("draft"),
        0U
    );
    const auto merge =
        Json::parse(bitbucket_dc::merge_pull(repo, now, {.title = "t", .message = "m"}, false).body
        );
    EXPECT_EQ(merge["message"], "t\n\nm");
    EXPECT_EQ(merge["autoSubject"], false);
    EXPECT_EQ(
        Json::parse(bitbucket_dc::merge_pull(repo, now, {}, true).body).count("autoSubject"), 0U
    );
}

TEST(BitbucketDcAnswersTest, WhoDeclinedIt) {
    const Json activities = Json::array(
        {{{"action", "COMMENTED"}, {"user", {{"name", "cat"}}}},
         {{"action", "DECLINED"}, {"user", {{"name", "ann"}}}},
         {{"action", "DECLINED"}, {"user", {{"name", "bob"}}}}}
    );
    EXPECT_EQ(bitbucket_dc::read_decliner(activities), "ann");
    EXPECT_EQ(bitbucket_dc::read_decliner(Json{}), "");
}

}  // namespace
}  // namespace linkspan::forge
