#include "service/store/holds.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class HoldsTest : public testing::Test {
protected:
    static Hold hold(const std::string& policy, std::optional<std::string> tag = std::nullopt) {
        return {
            .target = "prod",
            .policy = policy,
            .tag = std::move(tag),
            .digest = std::nullopt,
            .who = "ann",
            .why = "it is Friday",
            .since = kStart,
            .until = std::nullopt,
        };
    }
    std::unique_ptr<SqliteStore> store_ = open_store();
    Holds& holds_ = store_->holds();
};

TEST_F(HoldsTest, AHoldIsWhole) {
    auto given = hold("app", "1.0.0");
    given.digest = "sha256:a";
    given.until = at(1h);
    const auto id = must(holds_.set(given));
    const auto list = must(holds_.list(kStart));
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].id, id);
    EXPECT_EQ(list[0].target, "prod");
    EXPECT_EQ(list[0].policy, "app");
    EXPECT_EQ(list[0].tag, "1.0.0");
    EXPECT_EQ(list[0].digest, "sha256:a");
    EXPECT_EQ(list[0].who, "ann");
    EXPECT_EQ(list[0].why, "it is Friday");
    EXPECT_EQ(list[0].since, kStart);
    EXPECT_EQ(list[0].until, at(1h));
}

TEST_F(HoldsTest, ThereIsOneForTheSameThing) {
    must(holds_.set(hold("app")));
    must(holds_.set(hold("app", "1.0.0")));
    must(holds_.set(hold("app", "1.0.1")));
    must(holds_.set(hold("other")));
    auto again = hold("app");
    again.who = "bob";
    const auto id = must(holds_.set(again));
    const auto list = must(holds_.list("prod", "app", kStart));
    ASSERT_EQ(list.size(), 3U);
    EXPECT_EQ(list[2].id, id);
    EXPECT_EQ(list[2].who, "bob");
    EXPECT_EQ(list[2].tag, std::nullopt);
    EXPECT_EQ(list[2].digest, std::nullopt);
    EXPECT_EQ(must(holds_.list(kStart)).size(), 4U);
}

TEST_F(HoldsTest, ItRunsOut) {
    auto given = hold("app");
    given.until = at(1h);
    must(holds_.set(given));
    must(holds_.set(hold("forever")));
    EXPECT_EQ(must(holds_.list(at(1h - 1ns))).size(), 2U);
    EXPECT_EQ(must(holds_.list(at(1h))).size(), 1U);
    EXPECT_TRUE(must(holds_.list("prod", "app", at(1h))).empty());
    EXPECT_EQ(must(holds_.expire(at(1h - 1ns))), 0U);
    EXPECT_EQ(must(holds_.expire(at(1h))), 1U);
    EXPECT_EQ(must(holds_.list(kStart)).size(), 1U);
}

TEST_F(HoldsTest, ClearingTakesOneOrAllOfAPolicy) {
    const auto id = must(holds_.set(hold("app")));
    must(holds_.set(hold("app", "1.0.0")));
    must(holds_.set(hold("other")));
    auto elsewhere = hold("app");
    elsewhere.target = "stage";
    must(holds_.set(elsewhere));
    EXPECT_TRUE(must(holds_.clear(id)));
    EXPECT_FALSE(must(holds_.clear(id)));
    EXPECT_EQ(must(holds_.clear("prod", "app")), 1U);
    EXPECT_EQ(must(holds_.clear("prod", "app")), 0U);
    EXPECT_EQ(must(holds_.list(kStart)).size(), 2U);
}

TEST_F(HoldsTest, AClearedIdIsNotGivenOutAgain) {
    const auto id = must(holds_.set(hold("app")));
    must(holds_.clear(id));
    EXPECT_GT(must(holds_.set(hold("app"))), id);
}

TEST_F(HoldsTest, APullRequestThatAPersonClosedIsNamed) {
    auto closed = hold("app", "1.0.0");
    closed.pull_request = 7;
    must(holds_.set(closed));
    EXPECT_EQ(must(holds_.list(kStart)).at(0).pull_request, 7);
}

}  // namespace
}  // namespace linkspan::store
