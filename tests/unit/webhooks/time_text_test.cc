#include "webhooks/time_text.h"

#include <gtest/gtest.h>

namespace linkspan::webhooks {
namespace {

std::optional<std::int64_t> milliseconds(std::string_view text) {
    const auto time = parse_rfc3339(text);
    if (!time) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

TEST(TimeTextTest, Rfc3339IsRead) {
    EXPECT_EQ(milliseconds("1970-01-01T00:00:00Z"), 0);
    EXPECT_EQ(milliseconds("2022-07-28T21:23:58.317Z"), 1659043438317);
    EXPECT_EQ(milliseconds("2022-07-28T23:23:58.317999999+02:00"), 1659043438317);
    EXPECT_EQ(milliseconds("2022-07-28T21:23:58.3Z"), 1659043438300);
    EXPECT_EQ(milliseconds("2024-02-29T00:00:00z"), 1709164800000);
    EXPECT_EQ(milliseconds("2016-12-31T23:59:60Z"), 1483228800000);
}

TEST(TimeTextTest, WhatIsNoTimeIsNot) {
    for (const char* const text :
         {"",
          "2022-07-28",
          "2022-07-28T21:23:58",
          "2022-07-28T21:23:58.Z",
          "2022-13-01T00:00:00Z",
          "2023-02-29T00:00:00Z",
          "2022-07-28T24:00:00Z",
          "2022-07-28T21:60:00Z",
          "2022-07-28T21:23:58+0200",
          "2022-07-28T21:23:58+25:00",
          "2022-07-28T21:23:58Zx",
          "20x2-07-28T21:23:58Z",
          "2022/07/28T21:23:58Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

TEST(TimeTextTest, UnixSecondsAreShown) {
    EXPECT_EQ(rfc3339_of(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(rfc3339_of(1585846234), "2020-04-02T16:50:34Z");
    EXPECT_EQ(rfc3339_of(-1), "1969-12-31T23:59:59Z");
    EXPECT_FALSE(rfc3339_of(INT64_MAX));
    EXPECT_FALSE(rfc3339_of(INT64_MIN));
}

TEST(TimeTextTest, OffsetsGetTheirColon) {
    EXPECT_EQ(
        with_colon_in_offset("2020-04-05T21:49:44.219+0000"), "2020-04-05T21:49:44.219+00:00"
    );
    for (const char* const text : {"2020-04-05T21:49:44Z", "2020-04-05", "", "+0000", "T+000"}) {
        EXPECT_EQ(with_colon_in_offset(text), text);
    }
}

}  // namespace
}  // namespace linkspan::webhooks
