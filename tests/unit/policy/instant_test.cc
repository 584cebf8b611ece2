#include "core/policy/instant.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace linkspan::policy {
namespace {

TEST(InstantTest, ReadsRfc3339) {
    struct Case {
        std::string text;
        std::int64_t seconds;
        std::string fraction;
    };
    const std::vector<Case> cases{
        {"1970-01-01T00:00:00Z", 0, ""},
        {"1970-01-01T00:00:00+00:00", 0, ""},
        {"1970-01-01t00:00:00z", 0, ""},
        {"1970-01-01 00:00:00Z", 0, ""},
        {"1970-01-01T01:00:00+01:00", 0, ""},
        {"1969-12-31T18:30:00-05:30", 0, ""},
        {"0001-01-01T00:00:00Z", -62135596800, ""},
        {"2024-02-29T12:00:00Z", 1709208000, ""},
        {"2024-02-29T12:00:00.123456789Z", 1709208000, "123456789"},
        {"2024-02-29T12:00:00.1000Z", 1709208000, "1"},
        {"2024-02-29T12:00:00.000Z", 1709208000, ""},
        {"2016-12-31T23:59:60Z", 1483228800, ""},  // a leap second
        {"9999-12-31T23:59:59Z", 253402300799, ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto instant = read_instant(c.text);
        ASSERT_TRUE(instant.has_value());
        EXPECT_EQ(instant->seconds, c.seconds);
        EXPECT_EQ(instant->fraction, c.fraction);
    }
}

TEST(InstantTest, WritesUtc) {
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"2024-02-29T12:00:00+01:00", "2024-02-29T11:00:00Z"},
             {"2024-03-01T00:30:00.2500+01:00", "2024-02-29T23:30:00.25Z"},
             {"1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"},
             {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
         }) {
        EXPECT_EQ(write(*read_instant(text)), expected);
    }
}

TEST(InstantTest, OrdersAcrossZonesAndFractions) {
    const std::vector<std::string> ascending{
        "2024-01-01T00:00:00+02:00",
        "2023-12-31T23:00:00Z",
        "2023-12-31T23:00:00.09Z",
        "2023-12-31T23:00:00.1Z",
        "2023-12-31T23:00:00.10000000000000000000001Z",
        "2023-12-31T23:00:01Z",
    };
    for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
        SCOPED_TRACE(ascending[i]);
        EXPECT_TRUE(*read_instant(ascending[i]) < *read_instant(ascending[i + 1]));
    }
}

TEST(InstantTest, RefusesWhatIsNotRfc3339) {
    for (const std::string& text : std::vector<std::string>{
             "",
             "2024-01-01",
             "2024-01-01T00:00:00",
             "2024-01-01T00:00Z",
             "2024-1-01T00:00:00Z",
             "2024-02-30T00:00:00Z",
             "2023-02-29T00:00:00Z",
             "2024-13-01T00:00:00Z",
             "2024-00-01T00:00:00Z",
             "2024-01-01T24:00:00Z",
             "2024-01-01T00:60:00Z",
             "2024-01-01T00:00:61Z",
             "2024-01-01T00:00:00.Z",
             "2024-01-01T00:00:00+1:00",
             "2024-01-01T00:00:00+0100",
             "2024-01-01T00:00:00+24:00",
             "2024-01-01T00:00:00Z ",
             " 2024-01-01T00:00:00Z",
             "20240101T000000Z",
             "1704067200",
             "yesterday",
         }) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(read_instant(text).has_value());
    }
}

}  // namespace
}  // namespace linkspan::policy
