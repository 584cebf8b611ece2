#include "core/policy/soak.h"

#include "core/policy/instant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

namespace chrono = std::chrono;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const TimePoint kNow = chrono::sys_days{2026y / 6 / 1} + 12h;

// Minutes since a tag was first seen; those that are not in it were never seen.
using Ages = std::map<std::string, int, std::less<>>;

SoakChoice choose(
    const Policy& policy,
    const std::vector<std::string>& tags,
    const Ages& ages,
    std::optional<std::string_view> event
) {
    std::vector<KnownTag> known;
    for (const std::string& tag : tags) known.push_back({.tag = tag});
    auto selection = select_every(policy, known);
    EXPECT_TRUE(selection.has_value());
    const FirstSeen first_seen = [&](std::string_view tag) -> std::optional<TimePoint> {
        const auto age = ages.find(tag);
        if (age == ages.end()) return std::nullopt;
        return kNow - chrono::minutes{age->second};
    };
    return choose_soaked(policy, std::move(*selection), first_seen, kNow, event);
}

TEST(SoakTest, Chooses) {
    struct Case {
        std::string name;
        Ages ages;  // all the tags
        std::optional<std::string_view> event;
        std::string selected;
        int waits = 0;  // minutes from now; 0: it does not wait
    };
    const std::vector<Case> cases{
        {"the best has soaked", {{"1.0.0", 90}, {"1.1.0", 30}}, "1.1.0", "1.1.0", 0},
        {"the event's tag is the best and soaks",
         {{"1.0.0", 90}, {"1.1.0", 10}},
         "1.1.0",
         "1.1.0",
         20},
        {"a newer push does not stop an older event",
         {{"1.0.0", 90}, {"1.1.0", 30}, {"1.2.0", 5}},
         "1.1.0",
         "1.1.0",
         0},
        {"an event that still soaks waits for itself alone",
         {{"1.0.0", 90}, {"1.1.0", 10}, {"1.2.0", 5}},
         "1.1.0",
         "1.1.0",
         20},
        {"an event worse than what has soaked",
         {{"1.0.0", 5}, {"1.1.0", 90}, {"1.2.0", 5}},
         "1.0.0",
         "1.1.0",
         0},
        {"an event that is no candidate", {{"1.0.0", 90}, {"1.1.0", 10}}, "latest", "1.0.0", 0},
        {"no event", {{"1.0.0", 90}, {"1.1.0", 10}}, std::nullopt, "1.0.0", 0},
        {"nothing has soaked: the event's tag",
         {{"1.0.0", 20}, {"1.1.0", 10}},
         "1.0.0",
         "1.0.0",
         10},
        {"nothing has soaked, the event is no candidate: the best",
         {{"1.0.0", 20}, {"1.1.0", 10}},
         "latest",
         "1.1.0",
         20},
        {"nothing has soaked, no event: the best",
         {{"1.0.0", 20}, {"1.1.0", 10}},
         std::nullopt,
         "1.1.0",
         20},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        std::vector<std::string> tags;
        for (const auto& [tag, age] : c.ages) tags.push_back(tag);
        const SoakChoice choice = choose({.soak = 30min}, tags, c.ages, c.event);
        EXPECT_EQ(choice.explanation.selected, c.selected);
        ASSERT_EQ(choice.waiting.has_value(), c.waits > 0);
        if (choice.waiting) {
            EXPECT_EQ(choice.waiting->until, kNow + chrono::minutes{c.waits});
            EXPECT_THAT(choice.explanation.why, HasSubstr(choice.waiting->why));
        }
    }
}

TEST(SoakTest, NamesTheBestAndWhenItsSoakEnds) {
    const SoakChoice choice =
        choose({.soak = 30min}, {"1.0.0", "1.1.0"}, {{"1.0.0", 90}, {"1.1.0", 10}}, "latest");
    EXPECT_THAT(
        choice.explanation.why,
        HasSubstr(
            "1.1.0 is the greatest version in \"*\" of 2 candidates (2 tags looked at); it soaks "
            "for 30m, until 2026-06-01T12:20:00Z, and 1.0.0 is the best that has soaked"
        )
    );
}

TEST(SoakTest, LooksFurtherThanTheListIsLong) {
    Policy policy{.tags = {.cap = 2}, .soak = 30min};
    const SoakChoice choice =
        choose(policy, {"1.0.0", "1.1.0", "1.2.0", "1.3.0"}, {{"1.0.0", 90}}, std::nullopt);
    EXPECT_EQ(choice.explanation.selected, "1.0.0");
    EXPECT_THAT(choice.explanation.candidates, ElementsAre("1.3.0", "1.2.0"));
    EXPECT_EQ(choice.explanation.passed, 4U);
}

TEST(SoakTest, WithoutSoakOrCandidatesNothingChanges) {
    EXPECT_EQ(choose({}, {"1.0.0"}, {}, "1.0.0").explanation.selected, "1.0.0");
    EXPECT_FALSE(choose({}, {"1.0.0"}, {}, "1.0.0").waiting);
    const SoakChoice none = choose({.soak = 30min}, {"latest"}, {}, "latest");
    EXPECT_FALSE(none.explanation.selected);
    EXPECT_FALSE(none.waiting);
}

// A better candidate that is in Git already stays there: by its rank, even where no order but the
// facts of the selection could tell.
TEST(SoakTest, WhatHasSoakedIsNoWayBack) {
    for (const std::size_t cap : {0U, 1U}) {
        const Policy policy{.tags = {.cap = cap}, .soak = 30min};
        const SoakChoice choice =
            choose(policy, {"1.0.0", "1.1.0"}, {{"1.0.0", 90}, {"1.1.0", 10}}, std::nullopt);
        const Decision decision =
            decide(policy, choice.explanation, Current{.tag = "1.1.0", .digest = {}}, std::nullopt);
        EXPECT_EQ(verdict_name(decision.verdict), "refused");
    }
}

// Whoever pushes all the time: every event promotes something once its own soak is over.
TEST(SoakTest, SteadyPushesStarveNobody) {
    std::vector<std::string> tags;
    Ages ages;
    for (int i = 0; i <= 12; ++i) {
        tags.push_back("1." + std::to_string(i) + ".0");
        ages[tags.back()] = 60 - 5 * i;  // one every five minutes
    }
    for (int i = 0; i <= 12; ++i) {
        const SoakChoice choice =
            choose({.soak = 30min}, tags, ages, tags[static_cast<std::size_t>(i)]);
        if (i <= 6) {
            EXPECT_FALSE(choice.waiting) << i;
            EXPECT_EQ(choice.explanation.selected, "1.6.0") << i;
        } else {
            ASSERT_TRUE(choice.waiting) << i;
            EXPECT_EQ(choice.waiting->until, kNow + chrono::minutes{(i - 6) * 5}) << i;
        }
    }
}

}  // namespace
}  // namespace linkspan::policy
