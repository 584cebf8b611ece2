// Long lists take the radix path, short ones don't: both must give the order that compare() gives.
#include "core/policy/prefix_sort.h"

#include "core/policy/select.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

std::string make_tag(std::mt19937& random) {
    const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    // Around the edges of the packed widths, too.
    const auto number = [&]() -> std::uint64_t {
        switch (below(6)) {
            case 0:
                return (std::uint64_t{1} << 18U) - 2 + below(4);
            case 1:
                return (std::uint64_t{1} << 19U) - 2 + below(4);
            case 2:
                return (std::uint64_t{1} << 26U) - 2 + below(4);
            default:
                return below(4);
        }
    };
    switch (below(5)) {
        case 0:
            return fmt::format("{}.{}.{}", number(), number(), number());
        case 1:
            return fmt::format("v{}.{}.{}-rc.{}", number(), number(), number(), below(20));
        case 2:
            return fmt::format("{}{:0{}}", 1 + below(3), below(1000), 1 + below(40));
        case 3:
            return fmt::format("{}.{}", below(3), below(2000));
        default:
            return fmt::format("main-{:x}-{}", below(1U << 20U), below(50));
    }
}

TEST(PrefixSortTest, AgreesWithCompareForEveryStrategy) {
    std::mt19937 random{20240229};
    std::vector<KnownTag> tags(3000);
    for (KnownTag& known : tags) known.tag = make_tag(random);
    const std::vector<Policy> policies{
        {.select = Semver{.range = "*-0"}},
        {.select = Numerical{}},
        {.select = Numerical{Order::Desc}},
        {.tags = {.pattern = "^(.)(.*)$", .extract = "-$1.$2"}, .select = Numerical{}},
        {.select = Alphabetical{}},
        {.select = Alphabetical{Order::Desc}},
        {.tags = {.pattern = "^main-"}, .select = Alphabetical{}},
        {.select = Calver{"MAJOR.MINOR.MICRO"}},
        {.select = Calver{"MAJOR.MINOR"}},
        {.select = Calver{"MAJOR"}},
        {.select = Groups{.pattern = "^main-(?P<a>[0-9a-f]+)-(?P<b>[0-9]+)$"}},
        {.select =
             Groups{
                 .pattern = "^(?P<b>[^.-]*)[.-](?P<a>.*)$",
                 .compare = {{.name = "a", .order = Order::Desc}, {.name = "b"}}}},
    };
    for (std::size_t i = 0; i < policies.size(); ++i) {
        SCOPED_TRACE(i);
        const auto all = select(policies[i], tags);
        ASSERT_TRUE(all.has_value());
        ASSERT_GT(all->candidates.size(), 256U);
        for (std::size_t j = 0; j + 1 < all->candidates.size(); ++j) {
            const auto& better = all->candidates[j];
            const auto& worse = all->candidates[j + 1];
            const auto step = compare(policies[i], better, worse);
            ASSERT_TRUE(step.has_value());
            ASSERT_TRUE(*step > 0 || (*step == 0 && better > worse)) << better << " " << worse;
        }
    }
}

TEST(PrefixSortTest, NewestSortsLongListsByTime) {
    std::mt19937 random{20240229};
    std::vector<KnownTag> tags;
    for (int i = 0; i < 3000; ++i) {
        tags.push_back(
            {.tag = fmt::format("t{}", i),
             .created = fmt::format(
                 "2024-02-{:02}T00:00:{:02}.{:09}+0{}:00",
                 1 + random() % 28,
                 random() % 3,
                 random() % 3,
                 random() % 3
             )}
        );
    }
    const auto all = select({.select = Newest{}}, tags);
    ASSERT_TRUE(all.has_value());
    ASSERT_EQ(all->candidates.size(), tags.size());
    // The same, in lists too short for radix passes: the winner of the rest, again and again.
    std::vector<KnownTag> pair(2);
    for (std::size_t j = 0; j + 1 < all->candidates.size(); ++j) {
        for (std::size_t k = 0; k < 2; ++k) {
            pair[k] = *std::find_if(tags.begin(), tags.end(), [&](const auto& t) {
                return t.tag == all->candidates[j + k];
            });
        }
        ASSERT_EQ(*select({.select = Newest{}}, pair)->selected, pair[0].tag);
    }
}

TEST(CommonPrefixTest, NextBytesFollowWhatAllShare) {
    const std::vector<std::string> values{"main-b", "main-a", "main-"};
    const CommonPrefix common{values, [](const std::string& s) { return std::string_view{s}; }};
    EXPECT_EQ(common.next_bytes("main-"), 0U);
    EXPECT_EQ(common.next_bytes("main-a"), 0x6100000000000000U);
    EXPECT_EQ(common.next_bytes("main-abcdefghijk"), 0x6162636465666768U);
    const CommonPrefix none{
        std::vector<std::string>{}, [](const std::string& s) { return std::string_view{s}; }};
    EXPECT_EQ(none.next_bytes("a"), 0x6100000000000000U);
}

TEST(PrefixPackerTest, ANumberThatDoesNotFitMakesTheRestEqual) {
    const auto pack = [](std::uint64_t a, std::uint64_t b) {
        return PrefixPacker{}.add(a, 4).add(b, 4).value();
    };
    EXPECT_EQ(pack(1, 2), 0x12U);
    EXPECT_EQ(pack(14, 15), 0xefU);
    EXPECT_EQ(pack(15, 0), 0xffU);
    EXPECT_EQ(pack(1000, 3), 0xffU);
}

}  // namespace
}  // namespace linkspan::policy
