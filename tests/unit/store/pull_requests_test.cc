#include "service/store/pull_requests.h"

#include "tests/unit/store/samples.h"

#include <tuple>

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

PullRequest sample_row(const std::string& group = "") {
    return {
        .repository = "fleet",
        .target = "prod",
        .group = group,
        .branch = "linkspan/prod" + group,
        .base = "main",
        .state = "open",
        .number = 7,
        .url = "https://git.example.com/acme/fleet/pulls/7",
        .title = "Update app",
        .head = "abc",
        .note = "",
        .memory = "{\"number\":7}",
        .images =
            {{.image = "registry.example.com/acme/app",
              .policy = "app",
              .tag = "1.1.0",
              .digest = "",
              .why = "greatest",
              .delivery = "01",
              .pushed_at = "2026-01-01T00:00:00Z",
              .revision = std::nullopt,
              .source = std::nullopt,
              .build_url = std::nullopt,
              .actor = "ann"}},
        .waiting_since = std::nullopt,
        .opened_at = kStart,
        .look_at = std::nullopt,
        .updated_at = kStart,
    };
}

class PullRequestsTest : public testing::Test {
protected:
    std::unique_ptr<SqliteStore> store_ = open_store();
    PullRequests& pulls_ = store_->pull_requests();
};

TEST_F(PullRequestsTest, ARowIsWholeAndReplaced) {
    EXPECT_EQ(must(pulls_.get("fleet", "prod", "")), std::nullopt);
    must(pulls_.put(sample_row()));
    auto row = must(pulls_.get("fleet", "prod", "")).value();
    EXPECT_EQ(row.number, 7);
    EXPECT_EQ(row.memory, "{\"number\":7}");
    EXPECT_EQ(row.images, sample_row().images);
    EXPECT_EQ(row.opened_at, kStart);
    EXPECT_EQ(row.waiting_since, std::nullopt);
    row.state = "merged";
    row.images.clear();
    must(pulls_.put(row));
    row = must(pulls_.get("fleet", "prod", "")).value();
    EXPECT_EQ(row.state, "merged");
    EXPECT_TRUE(row.images.empty());
    EXPECT_EQ(must(pulls_.list(std::nullopt)).size(), 1U);
}

TEST_F(PullRequestsTest, FoundByBranchAndByTarget) {
    must(pulls_.put(sample_row()));
    must(pulls_.put(sample_row("app")));
    EXPECT_EQ(must(pulls_.of_branch("fleet", "linkspan/prodapp")).at(0).group, "app");
    EXPECT_TRUE(must(pulls_.of_branch("other", "linkspan/prodapp")).empty());
    EXPECT_EQ(must(pulls_.list("prod")).size(), 2U);
    EXPECT_TRUE(must(pulls_.list("dev")).empty());
}

TEST_F(PullRequestsTest, WhatOpenedInTheLastHourCountsAlsoWhenItsRowWentOn) {
    auto row = sample_row();
    must(pulls_.put(row));
    must(pulls_.put(row));
    row.opened_at = at(30min);
    row.number = 8;
    must(pulls_.put(row));
    EXPECT_EQ(must(pulls_.counts("prod", "x", at(40min))).opened.size(), 2U);
    EXPECT_EQ(must(pulls_.counts("prod", "x", at(61min))).opened.size(), 1U);
    EXPECT_EQ(must(pulls_.counts("prod", "x", at(40min))).open, 1U);
    EXPECT_EQ(must(pulls_.counts("dev", "x", at(40min))).open, 0U);
    EXPECT_EQ(must(pulls_.expire(at(10min))), 1U);
}

TEST_F(PullRequestsTest, WaitingGoesInOrder) {
    const auto wait = [&](const std::string& group, std::chrono::minutes since) {
        auto row = sample_row(group);
        row.state = "waiting";
        row.opened_at.reset();
        row.waiting_since = at(since);
        must(pulls_.put(row));
    };
    wait("b", 2min);
    wait("a", 1min);
    wait("c", 2min);
    EXPECT_EQ(must(pulls_.counts("prod", "a", at(5min))).waiting_before, 0U);
    EXPECT_EQ(must(pulls_.counts("prod", "b", at(5min))).waiting_before, 1U);
    EXPECT_EQ(must(pulls_.counts("prod", "c", at(5min))).waiting_before, 2U);
    EXPECT_EQ(must(pulls_.counts("prod", "new", at(5min))).waiting_before, 3U);
    const auto due = must(pulls_.due(at(5min)));
    ASSERT_EQ(due.size(), 3U);
    EXPECT_EQ(due[0].group, "a");
    EXPECT_EQ(due[1].group, "b");
}

TEST_F(PullRequestsTest, DueIsWhatIsOpenAndNotToBeLookedAtLater) {
    auto row = sample_row();
    row.look_at = at(10min);
    must(pulls_.put(row));
    EXPECT_TRUE(must(pulls_.due(at(9min))).empty());
    EXPECT_EQ(must(pulls_.due(at(10min))).size(), 1U);
    row.state = "merged";
    must(pulls_.put(row));
    EXPECT_TRUE(must(pulls_.due(at(10min))).empty());
}

TEST_F(PullRequestsTest, ANudgeIsDueUntilItWasAnswered) {
    auto row = sample_row();
    row.look_at = at(1h);
    must(pulls_.put(row));
    EXPECT_EQ(must(pulls_.next_look()), at(1h));
    EXPECT_TRUE(must(pulls_.due(at(1s))).empty());
    EXPECT_EQ(must(pulls_.nudge("fleet", "linkspan/prod", 0, "{\"user\":\"ann\"}", at(1s))), 1U);
    EXPECT_EQ(must(pulls_.nudge("fleet", "", 7, "", at(2s))), 1U);
    EXPECT_EQ(must(pulls_.nudge("fleet", "other", 8, "", at(2s))), 0U);
    EXPECT_EQ(must(pulls_.nudge("elsewhere", "", 7, "", at(2s))), 0U);
    auto due = must(pulls_.due(at(2s)));
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due[0].wish, "{\"user\":\"ann\"}");
    EXPECT_EQ(due[0].nudged_at, at(2s));
    // What a look writes does not take away what came meanwhile.
    must(pulls_.put(due[0]));
    must(pulls_.nudge("fleet", "", 7, "", at(3s)));
    must(pulls_.answered(due[0]));
    due = must(pulls_.due(at(3s)));
    ASSERT_EQ(due.size(), 1U);
    must(pulls_.answered(due[0]));
    EXPECT_TRUE(must(pulls_.due(at(3s))).empty());
    EXPECT_EQ(must(pulls_.get("fleet", "prod", "")).value().wish, "");
    // One that failed is not asked for at once, and its wish is not forgotten.
    must(pulls_.nudge("fleet", "", 7, "wish", at(4s)));
    due = must(pulls_.due(at(4s)));
    must(pulls_.answered(due.at(0), false));
    EXPECT_TRUE(must(pulls_.due(at(4s))).empty());
    row = must(pulls_.get("fleet", "prod", "")).value();
    EXPECT_EQ(row.wish, "wish");
    must(pulls_.answered(row));
    EXPECT_EQ(must(pulls_.get("fleet", "prod", "")).value().wish, "");
}

TEST_F(PullRequestsTest, AWordAboutOneThatHasEndedCounts) {
    auto row = sample_row();
    row.state = "ignored";
    must(pulls_.put(row));
    EXPECT_EQ(must(pulls_.next_look()), std::nullopt);
    EXPECT_EQ(must(pulls_.nudge_target("prod", at(1s))), 0U);
    EXPECT_EQ(must(pulls_.nudge("fleet", "linkspan/prod", 0, "", at(1s))), 1U);
    EXPECT_EQ(must(pulls_.due(at(1s))).size(), 1U);
    EXPECT_NE(must(pulls_.next_look()), std::nullopt);
}

TEST_F(PullRequestsTest, AMergedOneIsLookedAtOnceMoreWhileItsBranchMayBeLeft) {
    auto row = sample_row();
    for (const auto& [state, head, count] :
         {std::tuple{"merged", "c0ffee", 1U}, {"merged", "", 0U}, {"closed", "c0ffee", 0U}}) {
        row.state = state;
        row.head = head;
        must(pulls_.put(row));
        EXPECT_EQ(must(pulls_.nudge_merged(at(1s))), count) << state << " " << head;
    }
}

TEST_F(PullRequestsTest, WhatALookNeedsIsKept) {
    auto row = sample_row();
    row.changes = "[1]";
    row.origins = "{\"a\":1}";
    row.images[0].signed_by = "signed by key";
    row.images[0].soaks_until = at(1h);
    row.images[0].asked_for = "ann: broken";
    must(pulls_.put(row));
    const auto kept = must(pulls_.get("fleet", "prod", "")).value();
    EXPECT_EQ(kept.changes, "[1]");
    EXPECT_EQ(kept.origins, "{\"a\":1}");
    EXPECT_EQ(kept.images, row.images);
}

}  // namespace
}  // namespace linkspan::store
