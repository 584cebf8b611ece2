#include "core/policy/semver.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

TEST(VersionTest, OrdersByPrecedence) {
    // Each list is one precedence; the lists ascend.
    const std::vector<std::vector<std::string>> ascending{
        {"0.0.0-0"},
        {"0.0.0", "0", "v0.0", "0.0.0+build"},
        {"1.0.0-0"},
        {"1.0.0-1"},
        {"1.0.0-9"},
        {"1.0.0-10"},
        {"1.0.0-9007199254740992"},
        {"1.0.0-9007199254740993"},
        {"1.0.0-18446744073709551615"},
        {"1.0.0-18446744073709551616"},
        {"1.0.0--1"},  // "-1" is not numeric
        {"1.0.0-01a"},
        {"1.0.0-alpha"},
        {"1.0.0-alpha.1"},
        {"1.0.0-alpha.beta"},
        {"1.0.0-alpine3.20"},
        {"1.0.0-beta"},
        {"1.0.0-beta.2"},
        {"1.0.0-beta.11"},
        {"1.0.0-rc.9"},
        {"1.0.0-rc.10"},
        {"1.0.0-rc10"},  // one identifier, by bytes:
        {"1.0.0-rc9"},   // rc10 < rc9
        {"1.0.0", "v1.0.0", "1.0", "1", "01.00.000", "1.0.0+5", "1.0.0+a.b-c", "1+x"},
        {"1.0.1"},
        {"1.2.0"},
        {"1.10.0"},
        {"2025.01.02"},
        {"2025.1.10"},
        {"18446744073709551615.0.0"},
    };
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            for (const std::string& a : ascending[i]) {
                for (const std::string& b : ascending[j]) {
                    SCOPED_TRACE(a + " and " + b);
                    const auto left = read_version(a);
                    const auto right = read_version(b);
                    ASSERT_TRUE(left.has_value());
                    ASSERT_TRUE(right.has_value());
                    EXPECT_TRUE(order(*left, *right) == (i <=> j));
                }
            }
        }
    }
}

TEST(VersionTest, RefusesWhatIsNotOne) {
    for (const std::string& text : std::vector<std::string>{
             "",
             "v",
             "latest",
             "V1.0.0",
             "vv1.0.0",
             "b1.2.3",
             "1.0.0_1",
             "1.0.0p",
             "1.2.3.4",
             "1.",
             "1..2",
             ".1.2",
             "1.2.",
             "-1.0.0",
             "+1.0.0",
             "1.+2.0",
             "1.-2.0",
             "1.0.0-",
             "1.0.0-.",
             "1.0.0-a.",
             "1.0.0-a..b",
             "1.0.0-01",
             "1.0.0-a.01",
             "1.0.0-a_b",
             "1.0.0+",
             "1.0.0+a.",
             "1.0.0+a_b",
             "1.0.0+a+b",
             "18446744073709551616.0.0",
             "1.0.18446744073709551616",
             " 1.0.0",
             "1.0.0 ",
             "1.0.x",
             "1e3",
             "0x10",
         }) {
        SCOPED_TRACE(text);
        const auto version = read_version(text);
        ASSERT_FALSE(version.has_value());
        EXPECT_FALSE(version.error().why.empty());
    }
}

TEST(VersionTest, TellsCompleteVersions) {
    EXPECT_TRUE(read_version("1.2.3")->complete);
    EXPECT_TRUE(read_version("v1.2.3-rc.1+b")->complete);
    EXPECT_FALSE(read_version("1.2")->complete);
    EXPECT_FALSE(read_version("1")->complete);
    EXPECT_FALSE(read_version("1-rc.1.2")->complete);
    EXPECT_EQ(read_version("1-rc.1.2")->pre, "rc.1.2");
}

}  // namespace
}  // namespace linkspan::policy
