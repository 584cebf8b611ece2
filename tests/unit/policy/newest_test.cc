#include "core/policy/newest.h"

#include "core/policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const Policy kNewest{.select = Newest{}};

TEST(NewestTest, OrdersByCreationTimeThenByTag) {
    const std::vector<KnownTag> tags{
        {.tag = "a", .created = "2024-01-01T00:00:00Z"},
        {.tag = "b", .created = "2024-01-01T01:30:00+02:00"},  // earlier than a
        {.tag = "c", .created = "2024-01-01T00:00:00.000Z"},   // the same as a
        {.tag = "d", .created = "2024-01-01T00:00:00.001Z"},
    };
    const auto e = select(kNewest, tags);
    ASSERT_TRUE(e.has_value());
    EXPECT_THAT(e->candidates, ElementsAre("d", "c", "a", "b"));
    EXPECT_THAT(e->why, HasSubstr("created 2024-01-01T00:00:00.001Z"));
    EXPECT_THAT(e->why, Not(HasSubstr("first seen")));
}

TEST(NewestTest, FallsBackToFirstSeenAndSaysSo) {
    const std::vector<KnownTag> tags{
        {.tag = "created", .created = "2024-01-01T00:00:00Z", .first_seen = "2024-09-01T00:00:00Z"},
        {.tag = "seen", .first_seen = "2024-02-01T00:00:00Z"},
        {.tag = "neither"},
        {.tag = "unreadable", .created = "yesterday"},
    };
    const auto e = select(kNewest, tags);
    ASSERT_TRUE(e.has_value());
    EXPECT_THAT(e->candidates, ElementsAre("seen", "created"));
    EXPECT_THAT(e->why, HasSubstr("first seen 2024-02-01T00:00:00Z"));
    EXPECT_THAT(e->rejected.at("neither"), HasSubstr("creation time"));
    EXPECT_THAT(e->rejected.at("unreadable"), HasSubstr("creation time"));
}

TEST(NewestTest, IgnoresTheFixedTimesOfReproducibleBuilds) {
    for (const std::string& fixed : std::vector<std::string>{
             "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z"}) {
        SCOPED_TRACE(fixed);
        const std::vector<KnownTag> tags{
            {.tag = "z", .created = fixed, .first_seen = "2024-01-01T00:00:00Z"},
            {.tag = "a", .created = fixed, .first_seen = "2024-01-02T00:00:00Z"},
            {.tag = "unseen", .created = fixed},
        };
        const auto e = select(kNewest, tags);
        ASSERT_TRUE(e.has_value());
        EXPECT_THAT(e->candidates, ElementsAre("a", "z"));
        EXPECT_EQ(e->rejected.size(), 1U);
    }
}

TEST(NewestTest, ARepeatedTagCountsOnceByItsLatestTime) {
    std::vector<KnownTag> tags{
        {.tag = "a", .created = "2024-01-01T00:00:00Z"},
        {.tag = "b", .created = "2024-01-02T00:00:00Z"},
        {.tag = "a", .created = "2024-01-03T00:00:00Z"},
        {.tag = "a"},
    };
    for (int turn = 0; turn < 2; ++turn) {
        const auto e = select(kNewest, tags);
        ASSERT_TRUE(e.has_value());
        EXPECT_THAT(e->candidates, ElementsAre("a", "b"));
        EXPECT_TRUE(e->rejected.empty());
        EXPECT_EQ(e->considered, 2U);
        std::reverse(tags.begin(), tags.end());
    }
}

TEST(NewestTest, NamesAloneCannotBeCompared) {
    EXPECT_FALSE(compare(kNewest, "a", "b").has_value());
}

TEST(NewestTest, DecidesByTheListWhereItCan) {
    const std::vector<KnownTag> tags{
        {.tag = "a", .created = "2024-01-02T00:00:00Z"},
        {.tag = "b", .created = "2024-01-01T00:00:00Z"},
    };
    const auto e = select(kNewest, tags);
    ASSERT_TRUE(e.has_value());
    const Decision listed = decide(kNewest, *e, {.tag = "b", .digest = {}}, std::nullopt);
    EXPECT_EQ(verdict_name(listed.verdict), "promote");
    EXPECT_THAT(listed.explanation.why, Not(HasSubstr("not compared")));
    const Decision gone = decide(kNewest, *e, {.tag = "gone", .digest = {}}, std::nullopt);
    EXPECT_EQ(verdict_name(gone.verdict), "promote");
    EXPECT_THAT(gone.explanation.why, HasSubstr("not compared"));
}

}  // namespace
}  // namespace linkspan::policy
