// Laws that hold for every policy and every list of tags, tried on generated ones.
#include "core/policy/range.h"
#include "core/policy/select.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

using Tags = std::vector<KnownTag>;

rc::Gen<std::string> small_number() {
    return rc::gen::map(rc::gen::inRange(0, 13), [](int n) { return std::to_string(n); });
}

rc::Gen<std::string> word() {
    return rc::gen::element<std::string>(
        "alpha", "beta", "rc", "rc9", "rc10", "a-b", "x", "latest", "main", "0", "1", "10", "01"
    );
}

rc::Gen<std::string> number() {
    return rc::gen::oneOf(
        small_number(),
        rc::gen::element<std::string>(
            "007",
            "1.50",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "20231224175411999"
        )
    );
}

rc::Gen<std::string> release() {
    return rc::gen::map(
        rc::gen::tuple(small_number(), small_number(), small_number()),
        [](const auto& t) {
            return fmt::format("{}.{}.{}", std::get<0>(t), std::get<1>(t), std::get<2>(t));
        }
    );
}

rc::Gen<std::string> version() {
    return rc::gen::map(
        rc::gen::tuple(
            rc::gen::element<std::string>("", "", "v"),
            release(),
            rc::gen::container<std::vector<std::string>>(word())
        ),
        [](const auto& t) {
            const auto& words = std::get<2>(t);
            std::string out = std::get<0>(t) + std::get<1>(t);
            for (std::size_t i = 0; i < std::min<std::size_t>(words.size(), 3); ++i) {
                out += (i == 0 ? "-" : ".") + words[i];
            }
            return out;
        }
    );
}

rc::Gen<std::string> tag() {
    return rc::gen::oneOf(
        version(),
        release(),
        number(),
        word(),
        rc::gen::map(
            rc::gen::tuple(word(), number()),
            [](const auto& t) { return std::get<0>(t) + "-" + std::get<1>(t); }
        ),
        rc::gen::map(
            rc::gen::tuple(rc::gen::inRange(2020, 2026), rc::gen::inRange(1, 13), word()),
            [](const auto& t) {
                return fmt::format("{}.{:02}-{}", std::get<0>(t), std::get<1>(t), std::get<2>(t));
            }
        ),
        // What no tag should be.
        rc::gen::arbitrary<std::string>()
    );
}

rc::Gen<KnownTag> known_tag() {
    const auto time = rc::gen::oneOf(
        rc::gen::just(std::optional<std::string>{}),
        rc::gen::map(
            rc::gen::inRange(1, 29),
            [](int day) {
                return std::optional<std::string>{fmt::format("2024-02-{:02}T00:00:00Z", day)};
            }
        ),
        rc::gen::element<std::optional<std::string>>("1970-01-01T00:00:00Z", "yesterday")
    );
    return rc::gen::map(rc::gen::tuple(tag(), time, time), [](const auto& t) {
        return KnownTag{
            .tag = std::get<0>(t), .created = std::get<1>(t), .first_seen = std::get<2>(t)};
    });
}

rc::Gen<Tags> tags() { return rc::gen::container<Tags>(known_tag()); }

const std::vector<Policy>& policies() {
    static const std::vector<Policy> all{
        {},
        {.select = Semver{.range = ">=1.0.0-0 <9 || 11.x"}},
        {.select = Semver{.range = "*-0", .strict = false}},
        {.tags = {.pattern = "^([^-]+)", .extract = "$1"}, .select = Semver{.range = "*-0"}},
        {.select = Numerical{}},
        {.select = Numerical{Order::Desc}},
        {.tags = {.pattern = "(?P<n>[0-9]+)$", .extract = "$n"}, .select = Numerical{}},
        {.select = Alphabetical{}},
        {.tags = {.pattern = "^.(.)", .extract = "${1}"}, .select = Alphabetical{Order::Desc}},
        {.select = Newest{}},
        {.select = Follow{"latest"}},
        {.select = Calver{"YYYY.0M-MODIFIER"}},
        {.select = Calver{"MAJOR.MINOR.MICRO-MODIFIER"}},
        {.select = Groups{.pattern = "^(?P<a>[a-z0-9]*)[-.](?P<b>[a-z0-9]*)"}},
        {.select =
             Groups{
                 .pattern = "^(?P<a>[a-z0-9]*)[-.](?P<b>[a-z0-9]*)",
                 .compare = {{.name = "b", .order = Order::Desc}, {.name = "a"}}}},
    };
    return all;
}

void expect_same(const Explanation& a, const Explanation& b) {
    RC_ASSERT(a.selected == b.selected);
    RC_ASSERT(a.candidates == b.candidates);
    RC_ASSERT(a.passed == b.passed);
    RC_ASSERT(a.considered == b.considered);
    RC_ASSERT(a.rejected == b.rejected);
    RC_ASSERT(a.why == b.why);
}

RC_GTEST_PROP(PolicyLaws, SelectionDoesNotDependOnTheOrderOfTheList, (unsigned seed)) {
    const Tags list = *tags();
    Tags shuffled = list;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937{seed});
    for (const Policy& policy : policies()) {
        expect_same(*select(policy, list), *select(policy, shuffled));
    }
}

RC_GTEST_PROP(PolicyLaws, RepeatedTagsCountOnce, ()) {
    const Tags list = *tags();
    Tags twice = list;
    twice.insert(twice.end(), list.begin(), list.end());
    std::set<std::string> different;
    for (const KnownTag& known : list) different.insert(known.tag);
    for (const Policy& policy : policies()) {
        const auto once = *select(policy, list);
        expect_same(once, *select(policy, twice));
        RC_ASSERT(once.considered == different.size());
        RC_ASSERT(once.passed + once.rejected.size() == once.considered);
    }
}

RC_GTEST_PROP(PolicyLaws, AnIgnoredTagChangesNothing, ()) {
    const Tags list = *tags();
    Tags more = list;
    for (const KnownTag& known : *tags()) more.push_back({.tag = known.tag + "-ignored"});
    for (Policy policy : policies()) {
        policy.tags.ignore = {"*-ignored"};
        const auto before = *select(policy, list);
        const auto after = *select(policy, more);
        RC_ASSERT(before.selected == after.selected);
        RC_ASSERT(before.candidates == after.candidates);
        for (const auto& [name, reason] : before.rejected) {
            RC_ASSERT(after.rejected.find(name) != after.rejected.end());
            RC_ASSERT(after.rejected.find(name)->second == reason);
        }
    }
}

RC_GTEST_PROP(PolicyLaws, TheCapShortensTheListAndNothingElse, ()) {
    const Tags list = *tags();
    const auto cap = *rc::gen::inRange<std::size_t>(1, 6);
    for (Policy policy : policies()) {
        const auto all = *select(policy, list);
        policy.tags.cap = cap;
        auto capped = *select(policy, list);
        RC_ASSERT(capped.candidates.size() == std::min(cap, all.candidates.size()));
        RC_ASSERT(
            std::equal(capped.candidates.begin(), capped.candidates.end(), all.candidates.begin())
        );
        capped.candidates = all.candidates;
        expect_same(capped, all);
    }
}

RC_GTEST_PROP(PolicyLaws, TheOrderIsTotalAndTransitive, ()) {
    const std::string a = *tag();
    const std::string b = *tag();
    const std::string c = *tag();
    for (const Policy& policy : policies()) {
        const auto ab = compare(policy, a, b);
        const auto ba = compare(policy, b, a);
        RC_ASSERT(ab.has_value() == ba.has_value());
        if (ab) {
            RC_ASSERT((*ab < 0) == (*ba > 0));
            RC_ASSERT((*ab == 0) == (*ba == 0));
        }
        if (const auto aa = compare(policy, a, a)) RC_ASSERT((*aa == 0));
        const auto bc = compare(policy, b, c);
        const auto ac = compare(policy, a, c);
        // What one tag can be ordered against, every such tag can.
        if (ab && bc) {
            RC_ASSERT(ac.has_value());
            if (*ab <= 0 && *bc <= 0) RC_ASSERT((*ac <= 0));
            if (*ab == 0) RC_ASSERT((*ac < 0) == (*bc < 0));
        }
    }
}

RC_GTEST_PROP(PolicyLaws, CandidatesDescend, ()) {
    const Tags list = *tags();
    for (const Policy& policy : policies()) {
        const auto e = *select(policy, list);
        for (std::size_t i = 0; i + 1 < e.candidates.size(); ++i) {
            const auto step = compare(policy, e.candidates[i], e.candidates[i + 1]);
            if (!step) continue;  // newest
            RC_ASSERT((*step >= 0));
            if (*step == 0) RC_ASSERT(e.candidates[i] > e.candidates[i + 1]);
        }
    }
}

RC_GTEST_PROP(RangeLaws, GroupsAreUnionsAndCommasAreIntersections, ()) {
    const auto comparator = rc::gen::map(
        rc::gen::tuple(
            rc::gen::element<std::string>("", "=", "!=", ">", "<", ">=", "<=", "~", "^"),
            rc::gen::oneOf(
                version(),
                release(),
                small_number(),
                rc::gen::element<std::string>("*", "1.x", "0.2", "3.*.1", "2.x-0")
            )
        ),
        [](const auto& t) { return std::get<0>(t) + std::get<1>(t); }
    );
    const std::string left_text = *comparator;
    const std::string right_text = *comparator;
    const auto left = Range::parse(left_text);
    const auto right = Range::parse(right_text);
    RC_PRE(left.has_value() && right.has_value());
    const std::string text = *release();
    const Version v = *read_version(text);
    const auto either = Range::parse(left_text + " || " + right_text);
    const auto both = Range::parse(left_text + ", " + right_text);
    RC_ASSERT(either.has_value() && both.has_value());
    RC_ASSERT(either->contains(v) == (left->contains(v) || right->contains(v)));
    RC_ASSERT(both->contains(v) == (left->contains(v) && right->contains(v)));
}

RC_GTEST_PROP(RangeLaws, ComparisonsSplitTheReleases, ()) {
    const std::string base = *release();
    const std::string text = *release();
    const Version v = *read_version(text);
    const auto contains = [&](const std::string& op) {
        return Range::parse(op + base)->contains(v);
    };
    RC_ASSERT(contains(">=") != contains("<"));
    RC_ASSERT(contains("<=") != contains(">"));
    RC_ASSERT(contains("=") != contains("!="));
    RC_ASSERT(contains(">=") == (contains(">") || contains("=")));
    if (contains("~") && base != "0.0.0") RC_ASSERT(contains(">="));
    if (contains("^")) RC_ASSERT(contains(">="));
}

}  // namespace
}  // namespace linkspan::policy
