#include "core/policy/groups.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

using ::testing::HasSubstr;

TEST(GroupsTest, ComparesGroupsInOrder) {
    struct Case {
        std::string name;
        Groups groups;
        std::vector<std::string> tags;
        std::vector<std::string> candidates;
    };
    const std::string pattern = "^(?P<branch>[a-z]+)-(?P<build>[0-9]+)(-(?<arch>[a-z0-9]+))?$";
    const std::vector<Case> cases{
        {"as they stand in the pattern",
         {.pattern = pattern},
         {"main-9", "main-10", "dev-99", "main-10-arm"},
         {"main-10-arm", "main-10", "main-9", "dev-99"}},
        {"as they are named",
         {.pattern = pattern, .compare = {{.name = "build"}, {.name = "branch"}}},
         {"main-9", "main-10", "dev-99", "dev-10"},
         {"dev-99", "main-10", "dev-10", "main-9"}},
        {"the least first",
         {.pattern = pattern,
          .compare = {{.name = "branch", .order = Order::Desc}, {.name = "build"}}},
         {"main-9", "main-10", "dev-98", "dev-99"},
         {"dev-99", "dev-98", "main-10", "main-9"}},
        {"numbers of any width, before what is none, absent ones first",
         {.pattern = "^v(?P<n>[0-9a-z]*)$"},
         {"v9", "v10", "v1a", "v", "v09", "v18446744073709551616"},
         {"v1a", "v18446744073709551616", "v10", "v9", "v09", "v"}},
        {"unanchored", {.pattern = "b(?P<n>[0-9]+)"}, {"x-b1-y", "b2", "c3"}, {"b2", "x-b1-y"}},
        {"equal by every group: the greater bytes",
         {.pattern = "-(?P<n>[0-9]+)$"},
         {"a-1", "b-1", "c-01"},
         {"c-01", "b-1", "a-1"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        std::vector<KnownTag> tags;
        for (const std::string& tag : c.tags) tags.push_back({.tag = tag});
        const auto e = select({.select = c.groups}, tags);
        ASSERT_TRUE(e.has_value()) << e.error().message;
        EXPECT_EQ(e->candidates, c.candidates);
        for (const auto& [tag, reason] : e->rejected) {
            EXPECT_THAT(reason, HasSubstr("select.regex")) << tag;
        }
    }
}

TEST(GroupsTest, AnOrderWhereThePairwiseRuleWouldBeACycle) {
    // "As numbers if both are, else as bytes" says 9 < 10 < 1a < 9.
    EXPECT_TRUE(order_value("9", "10") < 0);
    EXPECT_TRUE(order_value("10", "1a") < 0);
    EXPECT_TRUE(order_value("9", "1a") < 0);
    EXPECT_TRUE(order_value("", "0") < 0);
    EXPECT_TRUE(order_value("01", "1") == 0);
}

TEST(GroupsTest, RefusesAPatternThatCannotBeCompared) {
    std::string many;
    for (int i = 0; i < 9; ++i) many += "(?P<g" + std::to_string(i) + ">.)";
    std::string captures;
    for (int i = 0; i < 33; ++i) captures += "(.)";
    const std::vector<Groups> cases{
        {},
        {.pattern = "("},
        {.pattern = "([0-9]+)"},
        {.pattern = "(?P<a>x)", .compare = {{.name = "b"}}},
        {.pattern = "(?P<a>x)", .compare = {{.name = ""}}},
        {.pattern = many},
        {.pattern = "(?P<a>x)" + captures},
    };
    for (const Groups& groups : cases) {
        SCOPED_TRACE(groups.pattern);
        const Status status = validate({.select = groups});
        ASSERT_FALSE(status.has_value());
        EXPECT_TRUE(status.error().message.starts_with("select.regex: ")) << status.error().message;
    }
}

}  // namespace
}  // namespace linkspan::policy
