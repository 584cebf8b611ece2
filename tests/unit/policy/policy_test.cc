#include "core/policy/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

TEST(PolicyTest, FullNameHasTheNamespaceWhenThereIsOne) {
    Policy policy;
    policy.name = "app";
    EXPECT_EQ(policy.full_name(), "app");
    policy.name_space = "flux-system";
    EXPECT_EQ(policy.full_name(), "flux-system:app");
}

TEST(PolicyTest, FollowingPinsUnlessToldOtherwise) {
    EXPECT_EQ(digest_mode({}), DigestMode::Keep);
    EXPECT_EQ(digest_mode({.digest = DigestMode::Never}), DigestMode::Never);
    EXPECT_EQ(digest_mode({.select = Follow{}}), DigestMode::Pin);
    EXPECT_EQ(digest_mode({.select = Follow{}, .digest = DigestMode::Pin}), DigestMode::Pin);
}

TEST(PolicyTest, ValidateNamesTheKey) {
    struct Case {
        std::string name;
        Policy policy;
        std::string key;  // empty: valid
    };
    const std::vector<Case> cases{
        {"defaults", {}, ""},
        {"semver", {.select = Semver{.range = "^1 || ~2.3"}}, ""},
        {"bad range", {.select = Semver{.range = "one"}}, "select.semver: "},
        {"empty range", {.select = Semver{.range = ""}}, "select.semver: "},
        {"pattern", {.tags = {.pattern = "^v(.*)$", .extract = "$1"}}, ""},
        {"bad pattern", {.tags = {.pattern = "("}}, "tags.pattern: "},
        {"bad extract", {.tags = {.pattern = "^v(.*)$", .extract = "$2"}}, "tags.extract: "},
        {"extract without pattern", {.tags = {.extract = "$1"}}, "tags.extract: "},
        {"lists", {.tags = {.allow = {"v*"}, .ignore = {"/-rc/"}}}, ""},
        {"bad allow", {.tags = {.allow = {"v*", "/("}}}, "tags.allow[1]: "},
        {"newest", {.select = Newest{}}, ""},
        {"follow", {.select = Follow{"edge"}}, ""},
        {"follow nothing", {.select = Follow{""}}, "select.digest: "},
        {"follow without digest", {.select = Follow{}, .digest = DigestMode::Never}, "digest: "},
        {"bad ignore", {.tags = {.ignore = {"/(/"}}}, "tags.ignore[0]: "},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Status status = validate(c.policy);
        if (c.key.empty()) {
            EXPECT_TRUE(status.has_value()) << status.error().message;
            continue;
        }
        ASSERT_FALSE(status.has_value());
        EXPECT_EQ(status.error().kind, Errc::InvalidInput);
        EXPECT_TRUE(status.error().message.starts_with(c.key)) << status.error().message;
    }
}

}  // namespace
}  // namespace linkspan::policy
