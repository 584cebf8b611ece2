#include "core/policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

using ::testing::HasSubstr;

const std::string kA = "sha256:" + std::string(64, 'a');
const std::string kB = "sha256:" + std::string(64, 'b');

Decision run(
    const Policy& policy,
    const std::vector<std::string>& tags,
    const Current& current,
    const std::optional<std::string>& resolved = std::nullopt
) {
    std::vector<KnownTag> known;
    for (const std::string& tag : tags) known.push_back({.tag = tag, .created = {}});
    const auto selection = select(policy, known);
    EXPECT_TRUE(selection.has_value());
    std::optional<image::Digest> digest;
    if (resolved) digest = *image::Digest::parse(*resolved);
    return decide(policy, *selection, current, digest);
}

TEST(DecideTest, ComparesTagAndDigest) {
    struct Case {
        std::string name;
        DigestMode mode;
        std::string current_tag;
        std::optional<std::string> current_digest;
        std::optional<std::string> resolved;
        std::string verdict;
    };
    const auto none = std::nullopt;
    const std::vector<Case> cases{
        {"same tag", DigestMode::Keep, "1.1.0", none, none, "already_current"},
        {"same tag, digest known but not written",
         DigestMode::Keep,
         "1.1.0",
         none,
         kA,
         "already_current"},
        {"same tag and digest", DigestMode::Keep, "1.1.0", kA, kA, "already_current"},
        {"moved tag", DigestMode::Keep, "1.1.0", kA, kB, "promote"},
        {"digest not looked up", DigestMode::Keep, "1.1.0", kA, none, "already_current"},
        {"pin: written and right", DigestMode::Pin, "1.1.0", kA, kA, "already_current"},
        {"pin: written and moved", DigestMode::Pin, "1.1.0", kA, kB, "promote"},
        {"pin: not written", DigestMode::Pin, "1.1.0", none, kA, "promote"},
        {"pin: nothing to pin", DigestMode::Pin, "1.1.0", none, none, "already_current"},
        {"never: none written", DigestMode::Never, "1.1.0", none, kA, "already_current"},
        {"never: one written", DigestMode::Never, "1.1.0", kA, kA, "promote"},
        {"older tag", DigestMode::Keep, "1.0.0", none, none, "promote"},
        {"older tag, same digest", DigestMode::Keep, "1.0.0", kA, kA, "promote"},
        {"no tag written", DigestMode::Keep, "", none, none, "promote"},
        {"digest alone, right", DigestMode::Keep, "", kA, kA, "already_current"},
        {"digest alone, moved", DigestMode::Keep, "", kA, kB, "promote"},
        {"digest alone, not looked up", DigestMode::Keep, "", kA, none, "promote"},
        {"current digest that does not read",
         DigestMode::Keep,
         "1.1.0",
         "sha256:half",
         kA,
         "promote"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Policy policy;
        policy.digest = c.mode;
        const Decision decision =
            run(policy, {"1.0.0", "1.1.0"}, {c.current_tag, c.current_digest}, c.resolved);
        EXPECT_EQ(verdict_name(decision.verdict), c.verdict);
        if (const auto* promote = std::get_if<Promote>(&decision.verdict)) {
            EXPECT_EQ(promote->tag.str(), "1.1.0");
            EXPECT_EQ(promote->digest.has_value(), c.resolved.has_value());
            if (promote->digest) {
                EXPECT_EQ(promote->digest->str(), *c.resolved);
            }
        }
    }
}

TEST(DecideTest, NeverGoesBackwardsUnlessAllowed) {
    const Policy policy{.select = Semver{.range = "<2"}};
    const std::vector<std::string> tags{"1.0.0", "1.1.0", "2.0.0"};
    Decision decision = run(policy, tags, {"2.0.0", {}});
    ASSERT_EQ(verdict_name(decision.verdict), "refused");
    EXPECT_THAT(std::get<Refused>(decision.verdict).reason, HasSubstr("backwards from \"2.0.0\""));

    Policy allowed = policy;
    allowed.allow_downgrade = true;
    decision = run(allowed, tags, {"2.0.0", {}});
    ASSERT_EQ(verdict_name(decision.verdict), "promote");
    EXPECT_EQ(std::get<Promote>(decision.verdict).tag.str(), "1.1.0");
    EXPECT_THAT(decision.explanation.why, HasSubstr("backwards"));

    // A tag that has vanished from the registry still counts.
    decision = run(policy, {"1.0.0"}, {"1.5.0", {}});
    EXPECT_EQ(verdict_name(decision.verdict), "refused");

    // The least wins: backwards is towards the greater.
    const Policy least{.select = Numerical{Order::Desc}};
    EXPECT_EQ(verdict_name(run(least, {"5"}, {"3", {}}).verdict), "refused");
    EXPECT_EQ(verdict_name(run(least, {"5"}, {"7", {}}).verdict), "promote");
}

TEST(DecideTest, AnEqualVersionIsNotBackwards) {
    EXPECT_EQ(verdict_name(run({}, {"1.0.0"}, {"v1.0.0", {}}).verdict), "promote");
    EXPECT_EQ(verdict_name(run({}, {"1.0.0", "v1.0.0"}, {"1.0.0", {}}).verdict), "promote");
}

TEST(DecideTest, ATagThatCannotBeOrderedDoesNotBlockButIsMentioned) {
    const Decision decision = run({}, {"1.0.0"}, {"latest", {}});
    EXPECT_EQ(verdict_name(decision.verdict), "promote");
    EXPECT_THAT(decision.explanation.why, HasSubstr("\"latest\""));
    EXPECT_THAT(decision.explanation.why, HasSubstr("not compared"));
}

TEST(DecideTest, FollowingATagPinsItsDigest) {
    const Policy follow{.select = Follow{"edge"}};
    const std::vector<std::string> tags{"edge", "1.0.0"};
    EXPECT_EQ(verdict_name(run(follow, tags, {"edge", kA}, kA).verdict), "already_current");
    EXPECT_EQ(verdict_name(run(follow, tags, {"edge", kA}, kB).verdict), "promote");
    EXPECT_EQ(verdict_name(run(follow, tags, {"edge", {}}, kB).verdict), "promote");
    const Decision decision = run(follow, tags, {"1.0.0", {}}, kB);
    EXPECT_EQ(verdict_name(decision.verdict), "promote");
    EXPECT_THAT(decision.explanation.why, HasSubstr("not compared"));
}

TEST(DecideTest, NothingSelectedIsRefusedWithTheReason) {
    const Decision decision = run({}, {"latest"}, {"1.0.0", {}});
    ASSERT_EQ(verdict_name(decision.verdict), "refused");
    EXPECT_EQ(std::get<Refused>(decision.verdict).reason, decision.explanation.why);
    EXPECT_THAT(std::get<Refused>(decision.verdict).reason, HasSubstr("none of 1 tag"));
}

TEST(DecideTest, EveryVerdictHasAName) {
    EXPECT_EQ(verdict_name(Promote{}), "promote");
    EXPECT_EQ(verdict_name(AlreadyCurrent{}), "already_current");
    EXPECT_EQ(verdict_name(Refused{}), "refused");
    EXPECT_EQ(verdict_name(Held{}), "held");
    EXPECT_EQ(verdict_name(Waiting{}), "waiting");
}

}  // namespace
}  // namespace linkspan::policy
