#include "config/units.h"

#include <gtest/gtest.h>

#include <optional>

namespace linkspan::config {
namespace {

using std::chrono::milliseconds;

TEST(DurationTest, Reads) {
    struct Case {
        std::string text;
        std::optional<std::int64_t> expected;  // milliseconds
    };
    const Case cases[] = {
        {"30s", 30'000},
        {"5m", 300'000},
        {"1h30m", 5'400'000},
        {"250ms", 250},
        {"1s500ms", 1500},
        {"2d", 172'800'000},
        {"0", 0},
        {"0s", 0},
        {"36525d", 3'155'760'000'000},
        {"", std::nullopt},
        {"30", std::nullopt},
        {"30 s", std::nullopt},
        {"-30s", std::nullopt},
        {"+30s", std::nullopt},
        {"1.5h", std::nullopt},
        {"s", std::nullopt},
        {"5x", std::nullopt},
        {"5M", std::nullopt},
        {"1s1s", std::nullopt},
        {"36526d", std::nullopt},
        {"99999999999999999999s", std::nullopt},
        {"18446744073709551615ms", std::nullopt},
        {"213503982334601d", std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto result = parse_duration(c.text);
        ASSERT_EQ(result.has_value(), c.expected.has_value());
        if (c.expected) {
            EXPECT_EQ(result->count(), *c.expected);
        } else {
            EXPECT_EQ(result.error().kind, Errc::InvalidInput);
        }
    }
}

TEST(DurationTest, SaysHowItIsWritten) {
    EXPECT_EQ(
        parse_duration("30").error().message,
        "\"30\" is not a duration; write it like 250ms, 30s, 5m or 1h30m"
    );
}

TEST(DurationTest, FormatReadsBackTheSame) {
    for (const std::int64_t ms :
         {0LL,
          1LL,
          999LL,
          1000LL,
          90'000LL,
          5'400'000LL,
          86'400'000LL,
          259'200'000LL,
          31'536'000'000LL,
          86'461'001LL}) {
        const std::string text = format_duration(milliseconds{ms});
        SCOPED_TRACE(text);
        const auto back = parse_duration(text);
        ASSERT_TRUE(back.has_value());
        EXPECT_EQ(back->count(), ms);
    }
    EXPECT_EQ(format_duration(std::chrono::hours{72}), "72h");
    EXPECT_EQ(format_duration(std::chrono::seconds{300}), "5m");
}

TEST(SizeTest, Reads) {
    struct Case {
        std::string text;
        std::optional<std::uint64_t> expected;
    };
    const Case cases[] = {
        {"1MiB", 1 << 20},
        {"64KiB", 64 << 10},
        {"2GiB", 2ULL << 30},
        {"4096", 4096},
        {"4096B", 4096},
        {"0", 0},
        {"", std::nullopt},
        {"MiB", std::nullopt},
        {"1MB", std::nullopt},
        {"1 MiB", std::nullopt},
        {"1.5MiB", std::nullopt},
        {"-1", std::nullopt},
        {"1MiB2", std::nullopt},
        {"99999999999999999999", std::nullopt},
        {"18014398509481985KiB", std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto result = parse_size(c.text);
        ASSERT_EQ(result.has_value(), c.expected.has_value());
        if (c.expected) {
            EXPECT_EQ(*result, *c.expected);
        }
    }
}

TEST(SizeTest, FormatUsesTheLargestUnitThatIsExact) {
    EXPECT_EQ(format_size(1 << 20), "1MiB");
    EXPECT_EQ(format_size(64 << 10), "64KiB");
    EXPECT_EQ(format_size((1 << 20) + 1), "1048577");
    EXPECT_EQ(format_size(0), "0");
}

}  // namespace
}  // namespace linkspan::config
