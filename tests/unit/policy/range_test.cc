#include "core/policy/range.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

bool contains(const Range& range, const std::string& text) {
    const auto version = read_version(text);
    EXPECT_TRUE(version.has_value()) << text;
    return version.has_value() && range.contains(*version);
}

TEST(RangeTest, TakesAndLeaves) {
    struct Case {
        std::string range;
        std::vector<std::string> in;
        std::vector<std::string> out;
    };
    const std::vector<Case> cases{
        {"*", {"0.0.0", "1.2.3", "99.0.0"}, {"1.0.0-0", "1.0.0-alpine3.20"}},
        {"x", {"0.0.0", "1.2.3"}, {"1.0.0-rc.1"}},
        {"*-0", {"0.0.0", "0.0.0-0", "1.2.3-rc.1"}, {}},
        {"1", {"1.0.0", "1.9.9"}, {"0.9.9", "2.0.0"}},
        {"1.x", {"1.0.0", "1.9.9"}, {"2.0.0", "1.5.0-rc.1"}},
        {"1.X.x", {"1.0.0", "1.9.9"}, {"2.0.0"}},
        {"1.2", {"1.2.0", "1.2.9"}, {"1.3.0", "1.1.9"}},
        {"1.2.*", {"1.2.0", "1.2.9"}, {"1.3.0"}},
        {"1.2.3", {"1.2.3", "1.2.3+b", "v1.2.3"}, {"1.2.4", "1.2.3-rc.1"}},
        {"=1.2.3", {"1.2.3"}, {"1.2.4"}},
        {"v1.2.3", {"1.2.3"}, {"1.2.4"}},
        {"1.2.3+meta", {"1.2.3", "1.2.3+other"}, {"1.2.4"}},
        {"1.2.3-rc.1", {"1.2.3-rc.1"}, {"1.2.3-rc.2", "1.2.3"}},
        {"01.02.03", {"1.2.3"}, {"1.2.4"}},
        {"!=1.2.3", {"1.2.4", "2.0.0"}, {"1.2.3", "1.2.4-rc.1"}},
        {"!=1.2.x", {"1.3.0", "2.2.0"}, {"1.2.0", "1.2.9"}},
        {"!=1", {"0.9.0", "2.0.0"}, {"1.0.0", "1.9.0"}},
        {">1.2.3", {"1.2.4", "2.0.0"}, {"1.2.3", "1.2.4-rc.1"}},
        {">1", {"2.0.0"}, {"1.0.0", "1.9.9"}},
        {">1.2", {"1.3.0", "2.0.0"}, {"1.2.0", "1.2.9"}},
        {">=1.2", {"1.2.0", "1.3.0"}, {"1.1.9", "1.3.0-rc.1"}},
        {"=>1.2", {"1.2.0"}, {"1.1.9"}},
        {"<1.2", {"1.1.9"}, {"1.2.0"}},
        {"<=1.2", {"1.2.0", "1.2.9", "0.1.0"}, {"1.3.0"}},
        {"=<1", {"1.9.9"}, {"2.0.0"}},
        {"<=1.2.3", {"1.2.3"}, {"1.2.4"}},
        {"~1.2.3", {"1.2.3", "1.2.9"}, {"1.2.2", "1.3.0"}},
        {"~>1.2.3", {"1.2.9"}, {"1.3.0"}},
        {"~1.2", {"1.2.0", "1.2.9"}, {"1.3.0"}},
        {"~1", {"1.0.0", "1.9.9"}, {"2.0.0"}},
        {"~0.0.0", {"0.0.0", "0.1.0", "5.0.0"}, {"5.0.0-rc.1"}},
        {"^1.2.3", {"1.2.3", "1.9.0"}, {"1.2.2", "2.0.0", "2.0.0-rc.1"}},
        {"^1.2", {"1.2.0", "1.9.0"}, {"2.0.0"}},
        {"^1", {"1.0.0", "1.9.0"}, {"2.0.0", "0.9.0"}},
        {"^0.2.3", {"0.2.3", "0.2.9"}, {"0.2.2", "0.3.0", "1.2.3"}},
        {"^0.2", {"0.2.0", "0.2.9"}, {"0.3.0"}},
        {"^0.0.3", {"0.0.3"}, {"0.0.4", "0.1.3"}},
        {"^0.0", {"0.0.0", "0.0.9"}, {"0.1.0"}},
        {"^0", {"0.0.0", "0.9.0"}, {"1.0.0"}},
        {"^1.x-0", {"1.0.0-rc.1", "1.5.0-rc.1", "1.0.0"}, {"2.0.0-rc.1", "0.9.0"}},
        {">=1.0.0-0", {"1.0.0-0", "1.5.0-rc.1", "2.0.0"}, {"0.9.0"}},
        {">=1.2.0 <2.0.0", {"1.2.0", "1.9.9"}, {"2.0.0", "1.1.0", "1.5.0-rc.1"}},
        {">=1.2.0,<2.0.0", {"1.2.0"}, {"2.0.0"}},
        {" >= 1.2.0 ,  < 2.0.0 ", {"1.2.0"}, {"2.0.0"}},
        {">= 1.2.0, != 1.3.0, < 2", {"1.2.0", "1.4.0"}, {"1.3.0", "2.0.0"}},
        // One comparator that names a pre-release is enough for its whole group.
        {">=1.2.0-0 <2.0.0", {"1.5.0-rc.1", "2.0.0-rc.1"}, {"2.0.0"}},
        // But not for the next group.
        {">=1.2.0-0 <2.0.0 || ^3", {"1.5.0-rc.1", "3.1.0"}, {"3.1.0-rc.1"}},
        {"1.2 - 1.4.5", {"1.2.0", "1.4.5"}, {"1.1.9", "1.4.6"}},
        {"1 - 2", {"1.0.0", "2.9.9"}, {"3.0.0"}},
        {"v1.2.3 - v2.3.4", {"1.2.3", "2.3.4"}, {"2.3.5"}},
        {"1.2.3-rc.1 - 2", {"1.2.3-rc.1", "2.0.0-rc.1"}, {"1.2.3-rc.0"}},
        {"1.2 - 1.4, !=1.3.x", {"1.2.5", "1.4.9"}, {"1.3.5"}},
        {"^1.2 || ^3.4", {"1.2.0", "3.4.0"}, {"2.0.0", "3.3.0"}},
        {"^1.2||^3.4", {"1.2.0", "3.4.0"}, {"2.0.0"}},
        {">=1-alpha", {"1.0.0-alpha", "1.0.0"}, {"1.0.0-ALPHA"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.range);
        const auto range = Range::parse(c.range);
        ASSERT_TRUE(range.has_value()) << range.error().message;
        for (const std::string& text : c.in) EXPECT_TRUE(contains(*range, text)) << text;
        for (const std::string& text : c.out) EXPECT_FALSE(contains(*range, text)) << text;
    }
}

TEST(RangeTest, SaysWhenOnlyThePrereleaseIsAgainst) {
    const auto range = Range::parse("^1.2 || ^3");
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(range->check(*read_version("1.2.0")), Range::Verdict::In);
    EXPECT_EQ(range->check(*read_version("2.0.0")), Range::Verdict::Out);
    EXPECT_EQ(range->check(*read_version("1.5.0-rc.1")), Range::Verdict::Prerelease);
    EXPECT_EQ(range->check(*read_version("2.5.0-rc.1")), Range::Verdict::Out);
}

TEST(RangeTest, StaysWholeWhenMoved) {
    std::vector<Range> ranges;
    for (int i = 0; i < 100; ++i) ranges.push_back(*Range::parse(">=1.0.0-rc.5"));
    for (const Range& range : ranges) {
        EXPECT_TRUE(contains(range, "1.0.0-rc.10"));
        EXPECT_FALSE(contains(range, "1.0.0-rc.4"));
    }
}

TEST(RangeTest, RefusesWhatDoesNotRead) {
    for (const std::string& text : std::vector<std::string>{
             "",
             " ",
             "latest",
             "||",
             "1 ||",
             "|| 1",
             "1 || || 2",
             "1 | 2",
             "1,",
             ",1",
             "1,,2",
             "1, ,2",
             ">",
             ">=",
             "> =1",
             "==1",
             "!1",
             "<>1",
             "=!1",
             "~~1",
             "^^1",
             ">=1.2.3<2",
             ">=1.2.3&&<2",
             "1.2.3.4",
             "1.",
             "1..2",
             "xx",
             "1x",
             "x1",
             "**",
             "V1.2.3",
             "1.2.3-",
             "1.2.3-01",
             "1.2.3-a..b",
             "1.2.3-a.",
             "1.2.3+",
             "1.2.3_4",
             "1 -",
             "1 - ",
             "- 1",
             "1 -2",
             ">1 - 2",
             "1 - <2",
             "1 - 2 - 3",
             "18446744073709551616",
             "1.2.3 ; 2",
             "(1)",
             "1.2.\xd9\xa3",
             std::string("1.2.3\0", 6),
             std::string(513, '1'),
         }) {
        SCOPED_TRACE(text);
        const auto range = Range::parse(text);
        ASSERT_FALSE(range.has_value());
        EXPECT_EQ(range.error().kind, Errc::InvalidInput);
        EXPECT_NE(range.error().message.find("range"), std::string::npos) << range.error().message;
    }
}

TEST(RangeTest, LimitsGroups) {
    std::string text = "1";
    for (int i = 1; i < 32; ++i) text += "||1";
    EXPECT_TRUE(Range::parse(text).has_value());
    EXPECT_FALSE(Range::parse(text + "||1").has_value());
}

}  // namespace
}  // namespace linkspan::policy
