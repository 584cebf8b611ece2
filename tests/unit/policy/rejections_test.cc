#include "core/policy/rejections.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

TEST(RejectionsTest, IsAMapInByteOrder) {
    Rejections::Builder builder;
    builder.add("b", "rule one");
    builder.add("a", "rule two", " (compared by 1)");
    builder.add("c", "rule one");
    builder.add("b", "rule one");
    const Rejections rejections = builder.build();
    std::vector<std::pair<std::string, std::string>> all;
    for (const auto& [tag, reason] : rejections) all.emplace_back(tag, reason);
    EXPECT_EQ(
        all,
        (std::vector<std::pair<std::string, std::string>>{
            {"a", "rule two (compared by 1)"}, {"b", "rule one"}, {"c", "rule one"}})
    );
    EXPECT_EQ(rejections.size(), 3U);
    EXPECT_EQ(rejections.at("c"), "rule one");
    EXPECT_TRUE(rejections.contains("a"));
    EXPECT_EQ(rejections.find("a")->second, "rule two (compared by 1)");
    EXPECT_FALSE(rejections.contains("aa"));
    EXPECT_THROW(static_cast<void>(rejections.at("")), std::out_of_range);
    EXPECT_EQ(rejections.main_rule().first, "rule one");
    EXPECT_EQ(rejections.main_rule().second, 2U);
}

TEST(RejectionsTest, AnEmptyOneAnswersToo) {
    const Rejections none;
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(none.begin() == none.end());
    EXPECT_FALSE(none.contains(""));
    EXPECT_EQ(none.main_rule().second, 0U);
    EXPECT_TRUE(none == Rejections::Builder{}.build());
}

TEST(RejectionsTest, CopiesShareAndOutliveTheOriginal) {
    Rejections copy;
    {
        const Rejections original{{"x", "why"}, {"a", "because"}};
        copy = original;
        EXPECT_TRUE(copy == original);
    }
    EXPECT_EQ(copy.at("x"), "why");
    EXPECT_EQ(copy.begin()->first, "a");
    EXPECT_FALSE(copy == (Rejections{{"x", "why"}, {"a", "other"}}));
}

TEST(RejectionsTest, ARuleIsKnownByItsTextAsMuchAsByItsAddress) {
    Rejections::Builder builder;
    const std::string once = "rule";
    const std::string again = "rule";
    builder.add("a", once);
    builder.add("b", again);
    builder.add("c", "rule");
    EXPECT_EQ(builder.build().main_rule().second, 3U);
}

TEST(RejectionsTest, ForgetsWhatIsRemoved) {
    Rejections::Builder builder;
    builder.add("a", "rule");
    builder.add("b", "rule");
    builder.remove_if([](std::string_view tag) { return tag == "a"; });
    EXPECT_FALSE(builder.build().contains("a"));
}

}  // namespace
}  // namespace linkspan::policy
