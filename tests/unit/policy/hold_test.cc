#include "core/policy/hold.h"

#include <gtest/gtest.h>

#include <vector>

namespace linkspan::policy {
namespace {

const std::string kOne = "sha256:" + std::string(64, '1');
const std::string kTwo = "sha256:" + std::string(64, '2');

TEST(HoldTest, CoversATagADigestOrEverything) {
    const Hold everything{.who = "alice"};
    const Hold tag{.tag = "1.2.0", .who = "bob"};
    const Hold digest{.digest = kOne, .who = "carol"};
    const Hold both{.tag = "1.2.0", .digest = kOne, .who = "dave"};
    struct Case {
        std::string name;
        std::vector<Hold> holds;
        std::string tag;
        std::string digest;
        std::string by;  // empty: not held
    };
    for (const Case& c : std::vector<Case>{
             {"nothing", {}, "1.2.0", kOne, ""},
             {"everything", {everything}, "9.9.9", "", "alice"},
             {"everything comes first", {tag, everything}, "1.2.0", "", "alice"},
             {"its tag", {tag}, "1.2.0", kTwo, "bob"},
             {"another tag", {tag}, "1.2.1", kOne, ""},
             {"a tag is no prefix", {tag}, "1.2", kOne, ""},
             {"its digest, whatever the tag", {digest}, "latest", kOne, "carol"},
             {"another digest", {digest}, "1.2.0", kTwo, ""},
             {"a digest that nobody knows", {digest}, "1.2.0", "", ""},
             {"tag and digest", {both}, "1.2.0", kOne, "dave"},
             {"the tag was moved on", {both}, "1.2.0", kTwo, ""},
             {"the digest under another tag", {both}, "1.3.0", kOne, ""},
             {"the tag, its digest unknown", {both}, "1.2.0", "", "dave"},
             {"the first that covers", {digest, tag, both}, "1.2.0", kTwo, "bob"},
         }) {
        SCOPED_TRACE(c.name);
        const auto resolved = c.digest.empty() ? std::optional<image::Digest>{}
                                               : std::optional{*image::Digest::parse(c.digest)};
        const auto held = held_by(c.holds, c.tag, resolved);
        EXPECT_EQ(held ? held->by : "", c.by);
    }
}

TEST(HoldTest, SaysWhoWhyAndUntil) {
    const auto until = std::chrono::system_clock::time_point{std::chrono::hours{1}};
    const std::vector<Hold> holds{{.who = "alice", .why = "login is broken", .until = until}};
    const auto held = held_by(holds, "1.0.0", std::nullopt);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->why, "login is broken");
    EXPECT_EQ(held->until, until);
}

}  // namespace
}  // namespace linkspan::policy
