#include "tests/unit/pipeline/deciding.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Clock = std::chrono::system_clock;

class DeciderTest : public Deciding {
protected:
    void note(const std::string& tag, const std::string& digest, Clock::time_point at) {
        std::vector<TagNote> notes{{.tag = *image::Tag::parse(tag), .digest = digest, .at = at}};
        value_of(finish(context, book->open(image, false, std::move(notes))));
    }
};

const policy::Refused* refusal(const Chosen& chosen) {
    return std::get_if<policy::Refused>(&chosen.gates.verdict);
}

TEST_F(DeciderTest, AnEventCostsOneHeadAfterTheFirstList) {
    const auto one = policy("a");
    registry.push("1.0.0");
    EXPECT_EQ(choose("1.0.0", one).selection.selected, "1.0.0");
    EXPECT_THAT(registry.asked(), ElementsAre("HEAD 1.0.0", "GET tags"));
    const auto digest = registry.push("1.1.0");
    const auto chosen = choose("1.1.0", one);
    EXPECT_EQ(chosen.selection.selected, "1.1.0");
    EXPECT_EQ(chosen.resolved->str(), digest);
    EXPECT_THAT(registry.asked(), ElementsAre("HEAD 1.1.0"));
    // An older one: the selected tag was asked for a moment ago, unless the moment is over.
    registry.push("1.0.5");
    EXPECT_EQ(choose("1.0.5", one).selection.selected, "1.1.0");
    EXPECT_THAT(
        registry.asked(), AnyOf(ElementsAre("HEAD 1.0.5"), ElementsAre("HEAD 1.0.5", "HEAD 1.1.0"))
    );
}

TEST_F(DeciderTest, AMissingTagIsWaitedForAndThenForgotten) {
    registry.push("1.0.0");
    registry.push("1.1.0");
    choose("1.1.0", policy("a"));
    restart();
    registry.remove("1.1.0");
    EXPECT_TRUE(decide("1.1.0", {policy("a")}, false).not_yet);
    EXPECT_THAT(known(), ElementsAre("1.0.0", "1.1.0"));
    EXPECT_TRUE(decide("1.1.0", {policy("a")}).not_yet);
    EXPECT_THAT(known(), ElementsAre("1.0.0"));
}

TEST_F(DeciderTest, TheTroubleOfOnePolicyIsItsOwn) {
    auto labelled = policy("labelled");
    labelled.labels = {{.key = "team", .expected = "shop"}};
    const auto digest = registry.push("1.0.0");
    registry.spoil(digest, 403);
    const auto decided = decide("1.0.0", {policy("before"), labelled, policy("after")});
    ASSERT_EQ(decided.policies.size(), 3U);
    EXPECT_EQ(decided.policies[0]->selection.selected, "1.0.0");
    ASSERT_TRUE(decided.policies[1].has_error());
    EXPECT_EQ(decided.policies[1].error().kind, Errc::Unauthorized);
    EXPECT_EQ(decided.policies[2]->selection.selected, "1.0.0");
}

TEST_F(DeciderTest, ATagThatCantBeReadIsPassedOverWithItsReason) {
    for (const char* tag : {"1.0.0", "1.1.0", "1.9.0"}) registry.push(tag);
    registry.spoil("1.9.0", 412);
    const auto chosen = choose("1.0.0", policy("a"));
    EXPECT_EQ(chosen.selection.selected, "1.1.0");
    EXPECT_THAT(std::string{chosen.selection.rejected.at("1.9.0")}, HasSubstr("can't be read"));
    EXPECT_THAT(std::string{chosen.selection.rejected.at("1.9.0")}, HasSubstr("412"));
    EXPECT_THAT(known(), Contains("1.9.0"));
    // Not asked again at the next event…
    registry.asked();
    choose("1.0.0", policy("a"));
    EXPECT_THAT(registry.asked(), Not(Contains("HEAD 1.9.0")));
    // … but by its own, and with that it is back.
    registry.spoil("1.9.0", 0);
    EXPECT_EQ(choose("1.9.0", policy("a")).selection.selected, "1.9.0");
    EXPECT_EQ(choose("1.0.0", policy("a")).selection.selected, "1.9.0");
}

TEST_F(DeciderTest, ManyTagsInARowThatCantBeReadAreTheRegistrysTrouble) {
    registry.push("0.1.0");
    for (int i = 0; i < 40; ++i) {
        registry.push(fmt::format("1.0.{}", i));
        registry.spoil(fmt::format("1.0.{}", i), 403);
    }
    const auto decided = decide("0.1.0", {policy("a")});
    ASSERT_TRUE(decided.policies[0].has_error());
    EXPECT_EQ(decided.policies[0].error().kind, Errc::Unauthorized);
    EXPECT_LT(registry.asked().size(), 30U);
}

TEST_F(DeciderTest, NewestPassesOverWhatDoesNotSayItsTime) {
    registry.push("a", "2024-01-01T00:00:00Z");
    registry.push("b", "2026-01-01T00:00:00Z");
    registry.push("c", "2025-01-01T00:00:00Z");
    registry.push("blocked", "2027-01-01T00:00:00Z");
    registry.spoil("blocked", 412);
    const auto torn = registry.push_torn_index("torn");
    const auto newest = policy("newest", policy::Newest{});
    auto chosen = choose("a", newest);
    EXPECT_EQ(chosen.selection.selected, "b") << chosen.selection.why;
    EXPECT_THAT(std::string{chosen.selection.rejected.at("blocked")}, HasSubstr("412"));
    EXPECT_THAT(std::string{chosen.selection.rejected.at("torn")}, HasSubstr("can't be read"));
    registry.asked();
    EXPECT_EQ(choose("c", newest).selection.selected, "b");
    EXPECT_THAT(registry.asked(), AnyOf(ElementsAre("HEAD c"), ElementsAre("HEAD c", "HEAD b")));
    // Whoever does not ask for times may have an image that does not say its own.
    chosen = choose("a", policy("last", policy::Alphabetical{}));
    EXPECT_EQ(chosen.selection.selected, "torn");
    EXPECT_EQ(chosen.resolved->str(), torn);
}

TEST_F(DeciderTest, WhatWasThereBeforeTheFirstEventIsOlderThanIt) {
    for (const char* tag : {"a", "b", "c"}) registry.push(tag);
    const auto chosen = choose("b", policy("newest", policy::Newest{}));
    EXPECT_EQ(chosen.selection.selected, "b") << chosen.selection.why;
    EXPECT_THAT(chosen.selection.why, HasSubstr("first seen"));
}

TEST_F(DeciderTest, ATroubleWhileTimesAreReadIsNotTakenForAnAnswer) {
    registry.push("a", "2024-01-01T00:00:00Z");
    const auto digest = registry.push("b", "2026-01-01T00:00:00Z");
    registry.spoil(digest, 500);
    const auto one = policy("one", policy::Newest{});
    const auto two = policy("two", policy::Newest{});
    const auto decided = decide("a", {one, two});
    ASSERT_TRUE(decided.policies[0].has_error());
    EXPECT_EQ(decided.policies[0].error().kind, Errc::Unavailable);
    EXPECT_TRUE(decided.policies[1].has_error()) << "it would not know of b";
    registry.spoil(digest, 0);
    EXPECT_EQ(choose("a", one).selection.selected, "b");
}

TEST_F(DeciderTest, NewestEndsWhereTheStoreLearnsNothing) {
    registry.push("a", "2024-01-01T00:00:00Z");
    registry.push("b", "2023-01-01T00:00:00Z");
    // Seen with another digest by a clock that ran ahead.
    note("b", "sha256:" + std::string(64, 'f'), Clock::now() + 24h * 365);
    const auto chosen = choose("a", policy("newest", policy::Newest{}));
    EXPECT_TRUE(chosen.selection.selected);
    EXPECT_LE(registry.count("HEAD b"), 2U);
}

TEST_F(DeciderTest, WhatIsGoneBelowTheTagIsNoVanishedTag) {
    registry.push("1.0.0");
    registry.push_torn_index("1.1.0");
    auto labelled = policy("a");
    labelled.labels = {{.key = "team", .expected = "shop"}};
    const auto chosen = choose("1.1.0", labelled);
    EXPECT_EQ(chosen.selection.selected, "1.1.0");
    ASSERT_NE(refusal(chosen), nullptr);
    EXPECT_THAT(chosen.notes, Contains(HasSubstr("1.1.0 can't be read")));
    EXPECT_THAT(known(), Contains("1.1.0"));
}

TEST_F(DeciderTest, ATagThatVanishesBeforeItsGatesIsPassedOver) {
    registry.push("1.0.0", {}, {}, {{"team", "shop"}});
    const auto digest = registry.push("1.1.0", {}, {}, {{"team", "shop"}});
    auto labelled = policy("a");
    labelled.labels = {{.key = "team", .expected = "shop"}};
    EXPECT_EQ(choose("1.0.0", policy("b")).selection.selected, "1.1.0");
    // Remembered for a moment; asked for its labels it is gone.
    registry.remove("1.1.0");
    registry.spoil(digest, 404);
    const auto chosen = choose("1.0.0", labelled);
    EXPECT_EQ(chosen.selection.selected, "1.0.0");
    EXPECT_EQ(refusal(chosen), nullptr);
    EXPECT_THAT(chosen.notes, Contains(HasSubstr("1.1.0\" was known, but is gone")));
    EXPECT_THAT(known(), ElementsAre("1.0.0"));
}

TEST_F(DeciderTest, ManyVanishedTagsAreFoundWithOneList) {
    registry.push("1.0.0");
    for (int i = 1; i < 400; ++i) registry.push(fmt::format("1.0.{}", i));
    choose("1.0.0", policy("a"));
    restart();
    for (int i = 100; i < 400; ++i) registry.remove(fmt::format("1.0.{}", i));
    registry.push("1.5.0");  // nobody has told of it yet
    registry.asked();
    const auto chosen = choose("1.0.1", policy("a"));
    EXPECT_EQ(chosen.selection.selected, "1.0.99");
    const auto asked = registry.asked();
    EXPECT_EQ(std::count(asked.begin(), asked.end(), "GET tags"), 1);
    EXPECT_LT(asked.size(), 25U);
    EXPECT_EQ(known().size(), 100U) << "what is new is for the poller to tell of";
}

TEST_F(DeciderTest, TagsThatAreListedButGoneEndInAWait) {
    registry.push("0.1.0");
    for (int i = 0; i < 50; ++i) registry.list(fmt::format("1.0.{}", i));
    const auto decided = decide("0.1.0", {policy("a")});
    ASSERT_TRUE(decided.policies[0].has_error());
    EXPECT_EQ(decided.policies[0].error().kind, Errc::Unavailable);
    // The next try goes on from there.
    EXPECT_EQ(choose("0.1.0", policy("a")).selection.selected, "0.1.0");
}

TEST_F(DeciderTest, TheSoakOfATagThatWasOnlyListedBegins) {
    auto soaks = policy("a");
    soaks.soak = 1h;
    const auto digest = registry.push("1.5.1");
    const auto better = registry.push("1.9.0");
    note("1.5.1", digest, Clock::now() - 2h);
    auto chosen = choose("1.5.1", soaks);
    EXPECT_EQ(chosen.selection.selected, "1.5.1");
    ASSERT_TRUE(chosen.soaking);
    EXPECT_EQ(chosen.soaking->str(), "1.9.0");
    const auto begun = find("1.9.0");
    EXPECT_EQ(begun->digest, better);
    ASSERT_TRUE(begun->digest_seen);
    EXPECT_EQ(registry.count("HEAD 1.9.0"), 1U);
    restart();
    chosen = choose("1.5.1", soaks);
    EXPECT_EQ(find("1.9.0")->digest_seen, begun->digest_seen) << "it does not begin anew";
    EXPECT_EQ(registry.count("HEAD 1.9.0"), 0U);
    EXPECT_TRUE(chosen.soaking);
    // Its own event waits for it.
    chosen = choose("1.9.0", soaks);
    EXPECT_EQ(chosen.selection.selected, "1.9.0");
    EXPECT_TRUE(std::holds_alternative<policy::Waiting>(chosen.gates.verdict));
    EXPECT_FALSE(chosen.soaking);
}

TEST_F(DeciderTest, ASoakedTagThatMovedUnseenBeginsAnew) {
    auto soaks = policy("a");
    soaks.soak = 1h;
    const auto digest = registry.push("1.0.0");
    registry.push("1.1.0");
    note("1.0.0", digest, Clock::now() - 2h);
    note("1.1.0", "sha256:" + std::string(64, 'e'), Clock::now() - 2h);
    const auto chosen = choose("1.0.0", soaks);
    EXPECT_EQ(chosen.selection.selected, "1.0.0")
        << "1.1.0 is another image than the one that soaked";
    ASSERT_TRUE(chosen.soaking);
    EXPECT_EQ(chosen.soaking->str(), "1.1.0");
}

TEST_F(DeciderTest, WhereAnImageWasBuiltFromIsNotWorthAnError) {
    const auto digest = registry.push_torn_index("1.0.0");
    const auto tag = *image::Tag::parse("1.0.0");
    const auto origin = value_of(finish(context, decider->origin(image, tag, digest)));
    EXPECT_THAT(origin.revision, IsEmpty());
}

}  // namespace
}  // namespace linkspan::pipeline
