#include "service/store/deployments.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

std::string commit_id(int n) { return fmt::format("{:040x}", n); }

class DeploymentsTest : public testing::Test {
protected:
    void push(int n, const std::string& repository = "fleet") {
        must(deployments_.pushed(
            {.repository = repository, .branch = "main", .id = commit_id(n), .at = kStart}
        ));
    }
    static DeploymentReport say(
        int n,
        const std::string& state,
        std::chrono::nanoseconds time = 0s,
        const std::string& object = "Kustomization/flux-system/apps"
    ) {
        return {
            .controller = "flux",
            .object = object,
            .state = state,
            .revision = commit_id(n),
            .branch = "main",
            .message = state + " by a controller",
            .at = at(time),
        };
    }
    // "state@revision" of the only object.
    std::string of(int n) {
        const auto reports = must(deployments_.of(commit_id(n)));
        if (reports.empty()) return "";
        EXPECT_EQ(reports.size(), 1U);
        return reports[0].state + "@" + std::to_string(std::stoi(reports[0].revision, nullptr, 16));
    }
    // A settled piece of work; its id.
    std::int64_t work(const std::string& key, int commit) {
        const auto recorded = must(store_->record(sample(key)));
        const auto id = recorded.work.at(0).id;
        must(store_->settle(
            id, {.kind = "committed", .reason = "", .commit = commit_id(commit)}, kStart
        ));
        return id;
    }
    std::unique_ptr<SqliteStore> store_ = open_store();
    Deployments& deployments_ = store_->deployments();
};

TEST_F(DeploymentsTest, AReportCountsForTheCommitAndForThoseBeforeIt) {
    for (int n = 1; n <= 3; ++n) push(n);
    EXPECT_TRUE(must(deployments_.report(say(2, "applied"), kStart)).placed);
    EXPECT_EQ(of(1), "applied@2");
    EXPECT_EQ(of(2), "applied@2");
    EXPECT_EQ(of(3), "");
}

TEST_F(DeploymentsTest, OtherBranchesAreOtherStories) {
    push(1, "other");
    push(2, "fleet");
    must(deployments_.report(say(2, "applied"), kStart));
    EXPECT_EQ(of(1), "");
}

TEST_F(DeploymentsTest, TheFirstRevisionThatWasAppliedCounts) {
    for (int n = 1; n <= 3; ++n) push(n);
    must(deployments_.report(say(1, "failed", 1s), kStart));
    EXPECT_EQ(of(1), "failed@1");
    must(deployments_.report(say(2, "failed", 2s), kStart));
    EXPECT_EQ(of(1), "failed@2");
    must(deployments_.report(say(2, "applied", 3s), kStart));
    EXPECT_EQ(of(1), "applied@2") << "a second try went well";
    must(deployments_.report(say(3, "failed", 4s), kStart));
    EXPECT_EQ(of(1), "applied@2") << "what comes later is not this commit's failure";
    EXPECT_EQ(of(3), "failed@3");
}

TEST_F(DeploymentsTest, TheLatestWordOnOneRevisionCountsButProgressTakesNothingBack) {
    push(1);
    must(deployments_.report(say(1, "progressing", 1s), kStart));
    EXPECT_EQ(of(1), "progressing@1");
    must(deployments_.report(say(1, "applied", 2s), kStart));
    must(deployments_.report(say(1, "progressing", 3s), kStart));
    EXPECT_EQ(of(1), "applied@1");
    must(deployments_.report(say(1, "failed", 4s), kStart));
    EXPECT_EQ(of(1), "failed@1");
    // An old one that arrives late.
    must(deployments_.report(say(1, "applied", 2s), kStart));
    EXPECT_EQ(of(1), "failed@1");
}

TEST_F(DeploymentsTest, EachObjectSpeaksForItself) {
    push(1);
    must(deployments_.report(say(1, "applied", 0s, "Kustomization/a/one"), kStart));
    must(deployments_.report(say(1, "failed", 0s, "Kustomization/a/two"), kStart));
    EXPECT_EQ(must(deployments_.of(commit_id(1))).size(), 2U);
}

TEST_F(DeploymentsTest, ACommitOfSomebodyElseIsPlacedLater) {
    push(1);
    push(2);
    const auto answer = must(deployments_.report(say(99, "applied"), kStart));
    EXPECT_FALSE(answer.placed);
    EXPECT_EQ(of(1), "");
    must(deployments_.report(say(99, "applied"), kStart));
    const auto unplaced = must(deployments_.unplaced(10));
    ASSERT_EQ(unplaced.size(), 1U) << "an equal report takes the place of the one before";
    EXPECT_EQ(unplaced[0].branch, "main");
    const PushedCommit first{"fleet", "main", commit_id(1), kStart};
    EXPECT_TRUE(must(deployments_.place(unplaced[0].id, first, kStart)).placed);
    EXPECT_EQ(of(1), "applied@99");
    EXPECT_EQ(of(2), "");
    EXPECT_TRUE(must(deployments_.unplaced(10)).empty());
    EXPECT_ERROR(Errc::NotFound, deployments_.place(unplaced[0].id, first, kStart));
}

TEST_F(DeploymentsTest, AReportMayBeFasterThanTheNoteOfItsCommit) {
    must(deployments_.report(say(5, "applied"), kStart));
    push(4);
    EXPECT_EQ(of(4), "");
    push(5);
    EXPECT_EQ(of(5), "applied@5");
    EXPECT_EQ(of(4), "applied@5");
    EXPECT_TRUE(must(deployments_.unplaced(10)).empty());
}

TEST_F(DeploymentsTest, NewsIsToldOnceForEachObject) {
    push(1);
    push(2);
    const auto one = work("a", 1);
    const auto two = work("b", 2);
    const auto ids = [](const ReportAnswer& answer) {
        std::vector<std::int64_t> out;
        for (const auto& reached : answer.news) out.push_back(reached.work);
        return out;
    };
    EXPECT_TRUE(ids(must(deployments_.report(say(1, "progressing"), kStart))).empty());
    EXPECT_EQ(ids(must(deployments_.report(say(1, "failed"), kStart))), std::vector{one});
    EXPECT_TRUE(ids(must(deployments_.report(say(1, "failed"), kStart))).empty());
    const auto answer = must(deployments_.report(say(2, "applied"), kStart));
    EXPECT_EQ(ids(answer), (std::vector{one, two}));
    EXPECT_EQ(answer.news[0].repository, "fleet");
    EXPECT_EQ(answer.news[0].commit, commit_id(1));
    EXPECT_EQ(answer.news[0].event.tag.str(), "1.0.0");
    EXPECT_TRUE(ids(must(deployments_.report(say(2, "applied"), kStart))).empty());
    EXPECT_TRUE(ids(must(deployments_.report(say(1, "applied"), kStart))).empty());
    EXPECT_TRUE(ids(must(deployments_.report(say(2, "applied", 0s, "late"), at(48h)))).empty())
        << "a commit of long ago is no news";
}

TEST_F(DeploymentsTest, TheTrailHasIt) {
    push(1);
    const auto recorded = must(store_->record(sample("a")));
    must(store_->settle(
        recorded.work.at(0).id, {.kind = "committed", .reason = "", .commit = commit_id(1)}, kStart
    ));
    EXPECT_TRUE(trail_of(*store_, recorded.id).work.at(0).deployments.empty());
    must(deployments_.report(say(1, "applied"), kStart));
    const auto trail = trail_of(*store_, recorded.id);
    ASSERT_EQ(trail.work.at(0).deployments.size(), 1U);
    EXPECT_EQ(trail.work[0].deployments[0].object, "Kustomization/flux-system/apps");
}

TEST_F(DeploymentsTest, OldCommitsGoWithTheirReports) {
    push(1);
    must(deployments_.report(say(1, "applied"), kStart));
    must(deployments_.report(say(7, "applied"), kStart));
    EXPECT_EQ(must(deployments_.expire(at(1h), 10)), 1U);
    EXPECT_EQ(of(1), "");
    EXPECT_TRUE(must(deployments_.unplaced(10)).empty());
    EXPECT_EQ(must(deployments_.branches()).size(), 1U);
    EXPECT_TRUE(must(deployments_.commits("fleet", "main", 10)).empty());
}

}  // namespace
}  // namespace linkspan::store
