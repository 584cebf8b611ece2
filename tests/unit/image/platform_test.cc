#include "core/image/platform.h"

#include <gtest/gtest.h>

namespace linkspan::image {
namespace {

TEST(PlatformTest, ReadsAndWrites) {
    for (const std::string text : {"linux/amd64", "linux/arm/v7", "windows/amd64"}) {
        const auto platform = Platform::parse(text);
        ASSERT_TRUE(platform.has_value()) << text;
        EXPECT_EQ(platform->str(), text);
    }
    for (const std::string text : {"", "linux", "linux/", "/amd64", "linux/arm/", "a/b/c/d"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(Platform::parse(text).has_error());
    }
}

TEST(PlatformTest, SatisfiesWhatIsWanted) {
    struct Case {
        std::string has, wanted;
        bool expected;
    };
    for (const auto& c : std::vector<Case>{
             {"linux/amd64", "linux/amd64", true},
             {"linux/amd64", "linux/arm64", false},
             {"windows/amd64", "linux/amd64", false},
             {"linux/arm64/v8", "linux/arm64", true},
             {"linux/arm64", "linux/arm64/v8", true},
             {"linux/arm64", "linux/arm64/v9", false},
             {"linux/arm/v7", "linux/arm", true},
             {"linux/arm/v6", "linux/arm/v7", false},
             {"linux/arm", "linux/arm/v7", false},
         }) {
        SCOPED_TRACE(c.has + " for " + c.wanted);
        EXPECT_EQ(
            Platform::parse(c.has).value().satisfies(Platform::parse(c.wanted).value()), c.expected
        );
    }
}

}  // namespace
}  // namespace linkspan::image
