#include "core/policy/calver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

using ::testing::HasSubstr;

struct Case {
    std::string layout;
    std::vector<std::string> tags;
    std::vector<std::string> candidates;
    std::size_t rejected;
};

TEST(CalverTest, OrdersByTheLayout) {
    const std::vector<Case> cases{
        {"YYYY.0M.0D",
         {"2024.01.31", "2024.12.01", "2023.12.31", "2024.02.01"},
         {"2024.12.01", "2024.02.01", "2024.01.31", "2023.12.31"},
         0},
        // The zero-padded form is not the short one.
        {"YYYY.0M.0D", {"2024.1.31", "2024.01.1", "2024.01.01"}, {"2024.01.01"}, 2},
        {"YYYY.MM.DD", {"2024.1.31", "2024.01.31", "2024.10.2"}, {"2024.10.2", "2024.1.31"}, 1},
        // Short parts are numbers, not text.
        {"YYYY.MM.MICRO",
         {"2024.9.0", "2024.10.0", "2024.10.10", "2024.10.9"},
         {"2024.10.10", "2024.10.9", "2024.10.0", "2024.9.0"},
         0},
        {"YYYY0M0D", {"20240131", "20240201", "2024131", "20241301"}, {"20240201", "20240131"}, 2},
        {"YYYY0M0D-MICRO",
         {"20240131-2", "20240131-10", "20240131", "20240131-010"},
         {"20240131-10", "20240131-010", "20240131-2"},
         1},
        {"YY.0M.MICRO",
         {"24.04.1", "6.10.2", "106.04.0", "06.10.3"},
         {"106.04.0", "24.04.1", "6.10.2"},
         1},
        {"0Y.0M", {"24.04", "24.10", "9.04", "09.04"}, {"24.10", "24.04", "09.04"}, 1},
        {"YYYY.WW", {"2024.9", "2024.10", "2024.54", "2024.09"}, {"2024.10", "2024.9"}, 2},
        {"YYYY.0W", {"2024.09", "2024.10", "2024.54"}, {"2024.10", "2024.09"}, 1},
        // By the calendar, however the layout turns it.
        {"0D.0M.YYYY",
         {"31.01.2024", "01.02.2024", "30.12.2023"},
         {"01.02.2024", "31.01.2024", "30.12.2023"},
         0},
        {"MAJOR.YYYY0M0D.MINOR",
         {"2.20230101.0", "1.20240101.5", "2.20230101.10"},
         {"2.20230101.10", "2.20230101.0", "1.20240101.5"},
         0},
        {"vYYYY.MM", {"v2024.1", "2024.2"}, {"v2024.1"}, 1},
        {"release-YYYY-0M", {"release-2024-01", "release-2024-01-x"}, {"release-2024-01"}, 1},
        // Any width.
        {"YYYY.MICRO",
         {"2024.9007199254740993", "2024.9007199254740992", "2024.18446744073709551616"},
         {"2024.18446744073709551616", "2024.9007199254740993", "2024.9007199254740992"},
         0},
        {"YYYY.0M.MICRO-MODIFIER",
         {"2024.01.0-rc9",
          "2024.01.0-rc10",
          "2024.01.0",
          "2024.01.0-",
          "2024.01.0-beta",
          "2024.01.0rc1",
          "2023.12.9"},
         {"2024.01.0", "2024.01.0-rc10", "2024.01.0-rc9", "2024.01.0-beta", "2023.12.9"},
         2},
        {"YYYY.0MMODIFIER",
         {"2024.01", "2024.01rc1", "2024.01-x"},
         {"2024.01", "2024.01rc1", "2024.01-x"},
         0},
        {"YYYY.MM.DD", {}, {}, 0},
        {"YYYY.MM.DD", {"latest", "1.2.3", "main"}, {}, 3},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.layout);
        std::vector<KnownTag> tags;
        for (const std::string& tag : c.tags) tags.push_back({.tag = tag});
        const auto e = select({.select = Calver{c.layout}}, tags);
        ASSERT_TRUE(e.has_value()) << e.error().message;
        EXPECT_EQ(e->candidates, c.candidates);
        EXPECT_EQ(e->rejected.size(), c.rejected);
        for (const auto& [tag, reason] : e->rejected) {
            EXPECT_THAT(reason, HasSubstr("not in the layout")) << tag;
        }
    }
}

TEST(CalverTest, SaysWhatWasExpected) {
    const std::vector<KnownTag> tags{
        {.tag = "2024.1.1"}, {.tag = "2024"}, {.tag = "2024.01.1.1"}, {.tag = "24.01.1"}};
    const auto e = select({.select = Calver{"YYYY.0M.MICRO"}}, tags);
    ASSERT_TRUE(e.has_value());
    EXPECT_THAT(e->rejected.at("2024.1.1"), HasSubstr("expected 0M"));
    EXPECT_THAT(e->rejected.at("2024"), HasSubstr("expected \".\""));
    EXPECT_THAT(e->rejected.at("2024.01.1.1"), HasSubstr("more behind"));
    EXPECT_THAT(e->rejected.at("24.01.1"), HasSubstr("expected YYYY"));
    EXPECT_THAT(e->why, HasSubstr("none of 4 tags"));
}

TEST(CalverTest, RefusesALayoutThatCannotBeRead) {
    for (const std::string& layout : std::vector<std::string>{
             "",
             "release",
             "-MODIFIER",
             "YYYY.YY",
             "0M.MM",
             "MICRO.MICRO",
             "YYYY.MMDD",
             "YYYY.MICRO0D",
             "YYYYMM1DD",
             "YYYY-MODIFIER.MICRO",
         }) {
        SCOPED_TRACE(layout);
        const Status status = validate({.select = Calver{layout}});
        ASSERT_FALSE(status.has_value());
        EXPECT_EQ(status.error().kind, Errc::InvalidInput);
        EXPECT_TRUE(status.error().message.starts_with("select.calver: "))
            << status.error().message;
    }
}

TEST(NaturalOrderTest, ComparesRunsOfDigitsAsNumbers) {
    const std::vector<std::string> ascending{
        "1", "2", "10", "alpha", "beta", "beta1", "beta.2", "rc", "rc9", "rc10", "rc10.1", "rc.9"};
    // By bytes '.' stands between nothing and letters; "rc.9" has another text run than "rc".
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            SCOPED_TRACE(ascending[i] + " and " + ascending[j]);
            EXPECT_TRUE(order_naturally(ascending[i], ascending[j]) == (i <=> j));
        }
    }
}

}  // namespace
}  // namespace linkspan::policy
