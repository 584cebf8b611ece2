#include "core/policy/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<KnownTag> known(const std::vector<std::string>& tags) {
    std::vector<KnownTag> out;
    for (const std::string& tag : tags) out.push_back({.tag = tag, .created = {}});
    return out;
}

struct Case {
    std::string name;
    Policy policy;
    std::vector<std::string> tags;
    std::vector<std::string> candidates;  // best first; the first is selected
    std::vector<std::string> rejected;    // in byte order
};

void run(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        auto tags = known(c.tags);
        std::sort(tags.begin(), tags.end(), [](const auto& a, const auto& b) {
            return a.tag < b.tag;
        });
        // Forwards and backwards: the order of the listing must not matter.
        for (int turn = 0; turn < 2; ++turn) {
            const auto e = select(c.policy, tags);
            ASSERT_TRUE(e.has_value()) << e.error().message;
            EXPECT_EQ(e->candidates, c.candidates);
            std::vector<std::string> rejected;
            for (const auto& [tag, reason] : e->rejected) {
                EXPECT_FALSE(reason.empty()) << tag;
                rejected.emplace_back(tag);
            }
            EXPECT_EQ(rejected, c.rejected);
            EXPECT_EQ(e->passed, c.candidates.size());
            EXPECT_EQ(e->considered, c.candidates.size() + c.rejected.size());
            EXPECT_EQ(e->selected.has_value(), !c.candidates.empty());
            if (e->selected) {
                EXPECT_EQ(*e->selected, c.candidates.front());
                EXPECT_THAT(e->why, HasSubstr(c.candidates.front()));
            }
            EXPECT_FALSE(e->why.empty());
            std::reverse(tags.begin(), tags.end());
        }
    }
}

const std::string kSignature = "sha256-" + std::string(64, 'a') + ".sig";

TEST(SelectTest, Semver) {
    run({
        {"greatest",
         {.select = Semver{}},
         {"1.2.0", "1.10.0", "1.9.0"},
         {"1.10.0", "1.9.0", "1.2.0"},
         {}},
        {"range",
         {.select = Semver{.range = ">=1.2.0 <2.0.0"}},
         {"1.1.0", "1.2.0", "1.5.0", "2.0.0", "1.6.0-rc.1"},
         {"1.5.0", "1.2.0"},
         {"1.1.0", "1.6.0-rc.1", "2.0.0"}},
        {"unreadable tags are skipped, not fatal",
         {.select = Semver{}},
         {"latest",
          "1.2",
          "1",
          "1.2.3.4",
          "V1.0.0",
          "1.0.0_1",
          "1.0.0p",
          "1.0.0-01",
          "b1.2.3",
          "main",
          "1.0.0"},
         {"1.0.0"},
         {"1",
          "1.0.0-01",
          "1.0.0_1",
          "1.0.0p",
          "1.2",
          "1.2.3.4",
          "V1.0.0",
          "b1.2.3",
          "latest",
          "main"}},
        {"v1.0.0 and 1.0.0 are equal: the greater bytes win",
         {.select = Semver{}},
         {"1.0.0", "v1.0.0", "01.0.0"},
         {"v1.0.0", "1.0.0", "01.0.0"},
         {}},
        {"rc.10 is after rc.9, rc10 before rc9",
         {.select = Semver{.range = ">=1.0.0-0"}},
         {"1.0.0-rc.9", "1.0.0-rc.10", "1.0.0-rc9", "1.0.0-rc10"},
         {"1.0.0-rc9", "1.0.0-rc10", "1.0.0-rc.10", "1.0.0-rc.9"},
         {}},
        {"alpine is a pre-release to semver",
         {.select = Semver{.range = ">=1.0.0"}},
         {"1.0.0-alpine3.20", "1.1.0-alpine"},
         {},
         {"1.0.0-alpine3.20", "1.1.0-alpine"}},
        {"two- and three-part versions without strict",
         {.select = Semver{.range = "*", .strict = false}},
         {"1", "1.2", "v1.3", "1.2.3", "1.2.3.4", "latest"},
         {"v1.3", "1.2.3", "1.2", "1"},
         {"1.2.3.4", "latest"}},
        {"suffix removed by extract",
         {.tags = {.pattern = "^(.+)-alpine$", .extract = "$1"}, .select = Semver{}},
         {"1.0.0-alpine", "1.1.0-alpine", "1.2.0"},
         {"1.1.0-alpine", "1.0.0-alpine"},
         {"1.2.0"}},
        {"build metadata made by extract has no say",
         {.tags = {.pattern = "^(.+)_(.+)$", .extract = "$1+$2"}, .select = Semver{}},
         {"1.0.0_b1", "1.0.0_b2", "0.9.0_b9"},
         {"1.0.0_b2", "1.0.0_b1", "0.9.0_b9"},
         {}},
        {"empty list", {.select = Semver{}}, {}, {}, {}},
    });
}

TEST(SelectTest, Numerical) {
    run({
        {"ascending: the greatest wins",
         {.select = Numerical{}},
         {"9", "10", "2"},
         {"10", "9", "2"},
         {}},
        {"descending: the least wins",
         {.select = Numerical{Order::Desc}},
         {"9", "10", "2"},
         {"2", "9", "10"},
         {}},
        {"one tag that is no number fails itself alone",
         {.select = Numerical{}},
         {"1", "latest", "2", "1e3", "inf", "nan", "NaN", "1_000", "0x10"},
         {"2", "1"},
         {"0x10", "1_000", "1e3", "NaN", "inf", "latest", "nan"}},
        {"beyond doubles",
         {.select = Numerical{}},
         {"9007199254740992", "9007199254740993", "18446744073709551616", "18446744073709551617"},
         {"18446744073709551617", "18446744073709551616", "9007199254740993", "9007199254740992"},
         {}},
        {"17-digit timestamps",
         {.tags = {.pattern = "^main-[a-f0-9]+-(?P<ts>[0-9]{17})$", .extract = "$ts"},
          .select = Numerical{}},
         {"main-f00-20231224175411001", "main-abc-20231224175411002", "main-e1-2023122417541100"},
         {"main-abc-20231224175411002", "main-f00-20231224175411001"},
         {"main-e1-2023122417541100"}},
        {"two tags of one value: the greater bytes win, ascending",
         {.tags = {.pattern = "^(?P<n>[0-9.]+)-", .extract = "$n"}, .select = Numerical{}},
         {"1-a", "1.0-b", "1.00-c", "0.5-z"},
         {"1.00-c", "1.0-b", "1-a", "0.5-z"},
         {}},
        {"and descending",
         {.tags = {.pattern = "^(?P<n>[0-9.]+)-", .extract = "$n"},
          .select = Numerical{Order::Desc}},
         {"1-a", "1.0-b", "0.5-z", "0.5-y"},
         {"0.5-z", "0.5-y", "1.0-b", "1-a"},
         {}},
        {"a group that took no part is no number",
         {.tags = {.pattern = "^v([0-9]+)?", .extract = "$1"}, .select = Numerical{}},
         {"v", "v1"},
         {"v1"},
         {"v"}},
        {"empty list", {.select = Numerical{}}, {}, {}, {}},
    });
}

TEST(SelectTest, Alphabetical) {
    run({
        {"ascending: the last in byte order wins",
         {.select = Alphabetical{}},
         {"v9", "v10", "V9", "_x"},
         {"v9", "v10", "_x", "V9"},
         {}},
        {"descending",
         {.select = Alphabetical{Order::Desc}},
         {"RELEASE.2021-01-02", "RELEASE.2020-12-31"},
         {"RELEASE.2020-12-31", "RELEASE.2021-01-02"},
         {}},
        {"by an extracted part",
         {.tags = {.pattern = "-(?P<day>[0-9-]+)$", .extract = "$day"}, .select = Alphabetical{}},
         {"a-2021-01-02", "z-2020-12-31", "z"},
         {"a-2021-01-02", "z-2020-12-31"},
         {"z"}},
        {"empty list", {.select = Alphabetical{}}, {}, {}, {}},
    });
}

TEST(SelectTest, Filters) {
    run({
        {"the pattern is not anchored",
         {.tags = {.pattern = "1"}, .select = Alphabetical{}},
         {"a1b", "1", "b"},
         {"a1b", "1"},
         {"b"}},
        {"allow: one entry is enough",
         {.tags = {.allow = {"v1.*", "/^rel-/"}}, .select = Alphabetical{}},
         {"v1.0", "v2.0", "rel-3", "x-rel-3"},
         {"v1.0", "rel-3"},
         {"v2.0", "x-rel-3"}},
        {"ignore beats allow",
         {.tags = {.allow = {"v*"}, .ignore = {"*-debug"}}, .select = Alphabetical{}},
         {"v1", "v1-debug"},
         {"v1"},
         {"v1-debug"}},
        {"attachments are never images, whatever is allowed",
         {.tags = {.allow = {"*"}}, .select = Alphabetical{}},
         {"a", kSignature, "sha256-" + std::string(64, 'b')},
         {"a"},
         {kSignature, "sha256-" + std::string(64, 'b')}},
        {"not even where they are all there is",
         {.tags = {.pattern = "^sha256-"}, .select = Alphabetical{}},
         {kSignature},
         {},
         {kSignature}},
        {"what no registry should list",
         {.select = Alphabetical{}},
         {"", "a b", "-x", "ok", std::string(129, 'z'), "a/b", "x\n"},
         {"ok"},
         {"", "-x", "a b", "a/b", "x\n", std::string(129, 'z')}},
        {"everything filtered",
         {.tags = {.ignore = {"*"}}, .select = Semver{}},
         {"1.0.0", "2.0.0"},
         {},
         {"1.0.0", "2.0.0"}},
    });
}

TEST(SelectTest, FollowsOneTag) {
    run({
        {"the tag and nothing else",
         {.select = Follow{"edge"}},
         {"latest", "edge", "1.0.0"},
         {"edge"},
         {"1.0.0", "latest"}},
        {"not there", {.select = Follow{"edge"}}, {"latest"}, {}, {"latest"}},
        {"empty list", {.select = Follow{"edge"}}, {}, {}, {}},
    });
}

TEST(SelectTest, TheCapShortensTheList) {
    Policy policy;
    policy.tags.cap = 2;
    const auto e = select(policy, known({"1.0.0", "1.1.0", "1.2.0", "x"}));
    ASSERT_TRUE(e.has_value());
    EXPECT_THAT(e->candidates, ElementsAre("1.2.0", "1.1.0"));
    EXPECT_EQ(e->passed, 3U);
    EXPECT_EQ(e->considered, 4U);
    EXPECT_THAT(e->why, HasSubstr("3 candidates"));
}

TEST(SelectTest, CountsARepeatedTagOnce) {
    const auto e = select(Policy{}, known({"1.0.0", "x", "1.0.0", "x", "1.0.0"}));
    ASSERT_TRUE(e.has_value());
    EXPECT_THAT(e->candidates, ElementsAre("1.0.0"));
    EXPECT_EQ(e->considered, 2U);
}

TEST(SelectTest, SaysWhyATagWasDropped) {
    Policy policy;
    policy.tags.pattern = "^v(.+)$";
    policy.tags.extract = "$1";
    policy.tags.ignore = {"*-debug"};
    policy.select = Semver{.range = "^1"};
    const auto e = select(
        policy, known({kSignature, "1.0.0", "v1-debug", "vx", "v1.2", "v2.0.0", "v1.1.0-rc.1"})
    );
    ASSERT_TRUE(e.has_value());
    EXPECT_THAT(e->rejected.at(kSignature), HasSubstr("signature"));
    EXPECT_THAT(e->rejected.at("1.0.0"), HasSubstr("tags.pattern"));
    EXPECT_THAT(e->rejected.at("v1-debug"), HasSubstr("*-debug"));
    EXPECT_THAT(e->rejected.at("vx"), HasSubstr("not a semantic version"));
    EXPECT_THAT(e->rejected.at("vx"), HasSubstr("compared by x"));
    EXPECT_THAT(e->rejected.at("v1.2"), HasSubstr("three numbers"));
    EXPECT_THAT(e->rejected.at("v2.0.0"), HasSubstr("not in the range \"^1\""));
    EXPECT_THAT(e->rejected.at("v1.1.0-rc.1"), HasSubstr("pre-release"));
    EXPECT_THAT(e->why, HasSubstr("none of 7 tags"));
}

TEST(SelectTest, SaysWhyTheWinnerWon) {
    auto e = select(Policy{.select = Semver{.range = "^1"}}, known({"1.0.0", "1.1.0", "x"}));
    EXPECT_EQ(e->why, "1.1.0 is the greatest version in \"^1\" of 2 candidates (3 tags looked at)");
    e = select(Policy{}, known({"1.0.0", "v1.0.0"}));
    EXPECT_THAT(e->why, HasSubstr("equal to 1.0.0"));
    EXPECT_THAT(e->why, HasSubstr("byte order"));
    e = select(Policy{}, {});
    EXPECT_THAT(e->why, HasSubstr("no tag is known"));
}

TEST(SelectTest, PassesOverWhatCantBeRead) {
    const Policy policy{.select = Semver{.range = "^1"}};
    const auto tags = known({"1.0.0", "1.1.0", "1.2.0", "x"});
    const Unreadable unreadable{{"1.2.0", "answered 403"}, {"x", "answered 403"}, {"9", "other"}};
    auto e = select(policy, tags, unreadable);
    EXPECT_EQ(e->selected, "1.1.0");
    EXPECT_EQ(e->rejected.at("1.2.0"), "can't be read: answered 403");
    EXPECT_THAT(std::string{e->rejected.at("x")}, Not(HasSubstr("403"))) << "no version anyway";
    EXPECT_EQ(e->considered, 4U);
    e = select_every(policy, known({"1.2.0"}), unreadable);
    EXPECT_FALSE(e->selected);
    EXPECT_EQ(e->why, "none of 1 tag passed; 1 of them: can't be read");
}

TEST(SelectTest, RefusesAPolicyThatDoesNotRead) {
    const Policy policy{.select = Semver{.range = "one"}};
    const auto e = select(policy, known({"1.0.0"}));
    ASSERT_FALSE(e.has_value());
    EXPECT_EQ(e.error().kind, Errc::InvalidInput);
}

TEST(CompareTest, OrdersTwoTagsUnderThePolicy) {
    struct CompareCase {
        std::string name;
        Policy policy;
        std::string left;
        std::string right;
        std::optional<std::weak_ordering> expected;
    };
    const TagFilter suffix{.pattern = "^(.+)-alpine$", .extract = "$1", .ignore = {"2*"}};
    const auto less = std::weak_ordering::less;
    const auto greater = std::weak_ordering::greater;
    const auto same = std::weak_ordering::equivalent;
    const std::vector<CompareCase> cases{
        {"semver", {}, "1.9.0", "1.10.0", less},
        {"equal", {}, "v1.0.0", "1.0.0", same},
        {"the range has no say", {.select = Semver{.range = "<2"}}, "1.0.0", "3.0.0", less},
        {"pre-release", {}, "1.0.0", "1.0.0-rc.1", greater},
        {"unreadable", {}, "1.0.0", "latest", std::nullopt},
        {"unreadable left", {}, "latest", "1.0.0", std::nullopt},
        {"strict", {}, "1.0.0", "1.0", std::nullopt},
        {"not strict", {.select = Semver{.strict = false}}, "1.0.0", "1.1", less},
        {"extract", {.tags = suffix}, "1.0.0-alpine", "1.1.0-alpine", less},
        {"ignored now, ran before", {.tags = suffix}, "1.0.0-alpine", "2.1.0-alpine", less},
        {"not matching", {.tags = suffix}, "1.0.0-alpine", "1.1.0", std::nullopt},
        {"desc: greater means preferred", {.select = Numerical{Order::Desc}}, "2", "10", greater},
        {"the followed tag", {.select = Follow{"edge"}}, "edge", "edge", same},
        {"another than the followed tag", {.select = Follow{"edge"}}, "edge", "1", std::nullopt},
        {"calver", {.select = Calver{"YYYY.MM"}}, "2024.9", "2024.10", less},
        {"regex", {.select = Groups{.pattern = "-(?P<n>[0-9]+)"}}, "a-9", "b-10", less},
        {"bytes", {.select = Alphabetical{}}, "v9", "v10", greater},
        {"bad policy", {.select = Semver{.range = "one"}}, "1.0.0", "1.0.0", std::nullopt},
    };
    for (const CompareCase& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_TRUE(compare(c.policy, c.left, c.right) == c.expected);
    }
}

TEST(RejectedAbove, TheBestOfThoseThatTheRulesDropped) {
    Policy policy{.select = Semver{.range = "<2"}};
    policy.tags.ignore = {"*-debug"};
    std::vector<KnownTag> tags;
    for (const char* tag :
         {"1.0.0", "1.4.0", "2.0.0", "2.1.0", "3.0.0", "1.5.0-debug", "0.1.0-rc.1", "latest"}) {
        tags.push_back({.tag = tag});
    }
    const auto selection = select(policy, tags);
    ASSERT_TRUE(selection.has_value());
    const auto above = rejected_above(policy, selection->rejected, "1.4.0", 2);
    ASSERT_EQ(above.size(), 2U);
    EXPECT_EQ(above[0].tag, "3.0.0");
    EXPECT_EQ(above[1].tag, "2.1.0");
    EXPECT_FALSE(above[0].reason.empty());
    EXPECT_EQ(rejected_above(policy, selection->rejected, "1.4.0", 9).size(), 3U);
    EXPECT_TRUE(rejected_above(policy, selection->rejected, "latest", 9).empty());
}

}  // namespace
}  // namespace linkspan::policy
