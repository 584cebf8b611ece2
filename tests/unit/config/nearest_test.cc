#include "config/nearest.h"

#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

const std::vector<std::string> kKnown{
    "server",
    "store",
    "receivers",
    "registries",
    "repositories",
    "policies",
    "targets",
    "max_body",
    "find"};

TEST(NearestTest, Suggests) {
    struct Case {
        std::string word;
        std::string expected;  // empty: nothing is near
    };
    const Case cases[] = {
        {"recievers", "receivers"},
        {"receiver", "receivers"},
        {"recivers", "receivers"},
        {"Targets", "targets"},
        {"max-body", "max_body"},
        {"maxBody", "max_body"},
        {"polices", "policies"},
        {"stroe", "store"},
        {"servre", "server"},
        {"fnid", "find"},
        {"metrics", ""},
        {"x", ""},
        {"", ""},
        {std::string(10'000, 'a'), ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.word.substr(0, 20));
        EXPECT_EQ(nearest(c.word, kKnown).value_or(""), c.expected);
    }
}

TEST(NearestTest, AWordOfOneOrTwoLettersIsNotReplacedWhole) {
    const std::vector<std::string> known{"a", "qa"};
    EXPECT_EQ(nearest("b", known), std::nullopt);
    EXPECT_EQ(nearest("qb", known), "qa");
}

TEST(SuggestionTest, NamesTheNearestOrLists) {
    EXPECT_EQ(suggestion("stroe", kKnown), "; did you mean \"store\"?");
    EXPECT_EQ(suggestion("zzz", std::vector<std::string>{"a", "b"}), "; known are a, b");
    EXPECT_EQ(suggestion("zzz", {}), "; there are none");
}

}  // namespace
}  // namespace linkspan::config
