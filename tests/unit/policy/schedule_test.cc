#include "core/policy/schedule.h"

#include "core/policy/instant.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

namespace chrono = std::chrono;
using ::testing::HasSubstr;

UtcTime utc(const std::string& text) {
    const auto instant = read_instant(text);
    EXPECT_TRUE(instant.has_value()) << text;
    return UtcTime{chrono::seconds{instant ? instant->seconds : 0}};
}

std::string show(std::optional<TimePoint> at) {
    if (!at) return "never";
    const auto seconds = chrono::floor<chrono::seconds>(*at);
    return write(Instant{.seconds = seconds.time_since_epoch().count(), .fraction = {}});
}

Schedule schedule(
    const std::vector<std::string>& windows, const std::vector<std::string>& freezes = {}
) {
    Schedule out;
    const auto parse = [](const std::string& text) {
        auto span = Span::parse(text);
        EXPECT_TRUE(span.has_value()) << (span.has_error() ? span.error().message : "");
        return span.has_value() ? *span : *Span::parse("00:00-24:00 UTC");
    };
    if (!windows.empty()) out.windows.emplace_back();
    for (const std::string& text : windows) out.windows.back().push_back(parse(text));
    for (const std::string& text : freezes) out.freezes.push_back(parse(text));
    return out;
}

TEST(ScheduleTest, NextOpening) {
    struct Case {
        std::string name;
        std::vector<std::string> windows;
        std::vector<std::string> freezes;
        std::string now;
        std::string expected;
    };
    // 2026-06-01 is a Monday.
    const std::vector<Case> cases{
        {"none: always", {}, {}, "2026-06-01T03:00:00Z", "2026-06-01T03:00:00Z"},
        {"open", {"Mon-Fri 09:00-17:00 UTC"}, {}, "2026-06-01T09:00:00Z", "2026-06-01T09:00:00Z"},
        {"the end is not in it",
         {"Mon-Fri 09:00-17:00 UTC"},
         {},
         "2026-06-01T17:00:00Z",
         "2026-06-02T09:00:00Z"},
        {"over the weekend",
         {"Mon-Fri 09:00-17:00 UTC"},
         {},
         "2026-06-05T18:00:00Z",
         "2026-06-08T09:00:00Z"},
        {"summer in London",
         {"Mon-Fri 09:00-17:00 Europe/London"},
         {},
         "2026-06-01T07:30:00Z",
         "2026-06-01T08:00:00Z"},
        {"winter in London",
         {"Mon-Fri 09:00-17:00 Europe/London"},
         {},
         "2026-01-05T07:30:00Z",
         "2026-01-05T09:00:00Z"},
        {"after 2037 there is still summer time",
         {"Mon-Sun 09:00-17:00 America/New_York"},
         {},
         "2040-07-01T06:00:00Z",
         "2040-07-01T13:00:00Z"},
        {"over midnight",
         {"Mon 22:00-06:00 UTC"},
         {},
         "2026-06-02T05:59:59Z",
         "2026-06-02T05:59:59Z"},
        {"over midnight belongs to the day it begins",
         {"Mon 22:00-06:00 UTC"},
         {},
         "2026-06-01T05:00:00Z",
         "2026-06-01T22:00:00Z"},
        {"over midnight from Sunday to Monday",
         {"Sun 22:00-06:00 UTC"},
         {},
         "2026-06-01T05:00:00Z",
         "2026-06-01T05:00:00Z"},
        {"days that wrap", {"Sat-Mon UTC"}, {}, "2026-06-01T23:59:59Z", "2026-06-01T23:59:59Z"},
        {"days that wrap, outside",
         {"Sat-Mon UTC"},
         {},
         "2026-06-02T00:00:00Z",
         "2026-06-06T00:00:00Z"},
        {"lists",
         {"mon,WED 09:00-12:00,13:00-17:00 UTC"},
         {},
         "2026-06-01T12:30:00Z",
         "2026-06-01T13:00:00Z"},
        {"one of several",
         {"Mon 09:00-10:00 UTC", "Tue 08:00-09:00 UTC"},
         {},
         "2026-06-01T10:00:00Z",
         "2026-06-02T08:00:00Z"},
        {"from moment to moment",
         {"Fri 17:00/Mon 08:00 UTC"},
         {},
         "2026-06-01T07:59:00Z",
         "2026-06-01T07:59:00Z"},
        {"weekend freeze",
         {},
         {"Fri 17:00/Mon 08:00 UTC"},
         "2026-06-05T17:00:00Z",
         "2026-06-08T08:00:00Z"},
        {"dated freeze, both days included",
         {},
         {"2026-12-20/2027-01-03 Europe/London"},
         "2026-12-20T00:00:00Z",
         "2027-01-04T00:00:00Z"},
        {"before the dated freeze",
         {},
         {"2026-12-20/2027-01-03 Europe/London"},
         "2026-12-19T23:59:59Z",
         "2026-12-19T23:59:59Z"},
        {"one day", {}, {"2026-12-25 UTC"}, "2026-12-25T12:00:00Z", "2026-12-26T00:00:00Z"},
        {"dated with times",
         {},
         {"2026-12-24T18:00/2026-12-27T08:00 America/New_York"},
         "2026-12-25T12:00:00Z",
         "2026-12-27T13:00:00Z"},
        {"a freeze over a window's beginning",
         {"Mon-Fri 09:00-17:00 UTC"},
         {"2026-06-01/2026-06-02 UTC", "Wed 08:00-10:00 UTC"},
         "2026-06-01T09:00:00Z",
         "2026-06-03T10:00:00Z"},
        {"a dated window that is over",
         {"2026-05-01/2026-05-02 UTC"},
         {},
         "2026-06-01T00:00:00Z",
         "never"},
        {"cron",
         {"cron: 0 9 * * 1-5 for 8h UTC"},
         {},
         "2026-06-06T10:00:00Z",
         "2026-06-08T09:00:00Z"},
        {"cron, open",
         {"cron: 0 9 * * Mon-Fri for 8h UTC"},
         {},
         "2026-06-01T16:59:59Z",
         "2026-06-01T16:59:59Z"},
        {"cron, closed again",
         {"cron: 0 9 * * 1-5 for 8h UTC"},
         {},
         "2026-06-01T17:00:00Z",
         "2026-06-02T09:00:00Z"},
        {"cron, over months",
         {"cron: 30 6 1 Jan,jul * for 2d UTC"},
         {},
         "2026-06-01T00:00:00Z",
         "2026-07-01T06:30:00Z"},
        {"cron, either day",
         {"cron: 0 0 13 * 5 for 1h UTC"},
         {},
         "2026-06-06T00:00:00Z",
         "2026-06-12T00:00:00Z"},
        {"cron, every quarter",
         {"cron: */15 * * * * for 5m UTC"},
         {},
         "2026-06-01T00:06:00Z",
         "2026-06-01T00:15:00Z"},
        {"cron, a leap day",
         {"cron: 0 0 29 2 * for 1d UTC"},
         {},
         "2026-06-01T00:00:00Z",
         "2028-02-29T00:00:00Z"},
        // London goes from 01:00 to 02:00 at 2026-03-29T01:00Z, and back at 2026-10-25T01:00Z.
        {"skipped: a window inside does not open that day",
         {"Sun 01:15-01:45 Europe/London"},
         {},
         "2026-03-29T00:00:00Z",
         "2026-04-05T00:15:00Z"},
        {"skipped: a window that begins inside opens when the clocks jump",
         {"Sun 01:30-03:00 Europe/London"},
         {},
         "2026-03-29T00:30:00Z",
         "2026-03-29T01:00:00Z"},
        {"repeated: open the first time",
         {"Sun 01:15-01:45 Europe/London"},
         {},
         "2026-10-24T23:30:00Z",
         "2026-10-25T00:15:00Z"},
        {"repeated: and the second",
         {"Sun 01:15-01:45 Europe/London"},
         {},
         "2026-10-25T00:45:00Z",
         "2026-10-25T01:15:00Z"},
        {"skipped: cron starts when the clocks jump",
         {"cron: 30 1 * * * for 10m Europe/London"},
         {},
         "2026-03-28T12:00:00Z",
         "2026-03-29T01:00:00Z"},
        {"repeated: cron starts the first time",
         {"cron: 30 1 * * * for 10m Europe/London"},
         {},
         "2026-10-24T12:00:00Z",
         "2026-10-25T00:30:00Z"},
        {"repeated: cron does not start again",
         {"cron: 30 1 * * * for 10m Europe/London"},
         {},
         "2026-10-25T00:40:00Z",
         "2026-10-26T01:30:00Z"},
        {"cron's length is elapsed time",
         {},
         {"cron: 0 0 * * 0 for 24h Europe/London"},
         "2026-10-25T12:00:00Z",
         "2026-10-25T23:00:00Z"},
        // New York: 02:00 to 03:00 at 2026-03-08T07:00Z, back at 2026-11-01T06:00Z.
        {"New York, skipped",
         {"Sun 02:00-04:00 America/New_York"},
         {},
         "2026-03-08T00:00:00Z",
         "2026-03-08T07:00:00Z"},
        {"New York, first 01:30",
         {"Sun 01:30-02:00 America/New_York"},
         {},
         "2026-11-01T00:00:00Z",
         "2026-11-01T05:30:00Z"},
        {"New York, second 01:30",
         {"Sun 01:30-02:00 America/New_York"},
         {},
         "2026-11-01T06:00:00Z",
         "2026-11-01T06:30:00Z"},
        // Lord Howe: +10:30 to +11 at 2026-10-03T15:30Z, back at 2026-04-04T15:00Z.
        {"Lord Howe, half an hour skipped",
         {"Sun 02:10-02:20 Australia/Lord_Howe"},
         {},
         "2026-10-03T00:00:00Z",
         "2026-10-10T15:10:00Z"},
        {"Lord Howe, half an hour skipped, window begins inside",
         {"Sun 02:10-03:00 Australia/Lord_Howe"},
         {},
         "2026-10-03T00:00:00Z",
         "2026-10-03T15:30:00Z"},
        {"Lord Howe, repeated, first",
         {"Sun 01:40-01:50 Australia/Lord_Howe"},
         {},
         "2026-04-04T00:00:00Z",
         "2026-04-04T14:40:00Z"},
        {"Lord Howe, repeated, second",
         {"Sun 01:40-01:50 Australia/Lord_Howe"},
         {},
         "2026-04-04T14:50:00Z",
         "2026-04-04T15:10:00Z"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Schedule s = schedule(c.windows, c.freezes);
        const auto next = next_open(s, utc(c.now));
        EXPECT_EQ(show(next), c.expected);
        EXPECT_EQ(opening(s, utc(c.now)).open, c.now == c.expected);
    }
}

TEST(ScheduleTest, SaysWhatClosesIt) {
    const Schedule s = schedule({"Mon-Fri 09:00-17:00 UTC"}, {"2026-06-02 UTC"});
    EXPECT_EQ(
        opening(s, utc("2026-06-01T18:00:00Z")).why, "outside the windows Mon-Fri 09:00-17:00 UTC"
    );
    EXPECT_EQ(opening(s, utc("2026-06-02T10:00:00Z")).why, "the freeze 2026-06-02 UTC is in force");
}

TEST(ScheduleTest, WhatIsOpenNowIsOpenToTheFraction) {
    const TimePoint now = utc("2026-06-01T12:00:00Z") + chrono::milliseconds{250};
    EXPECT_EQ(next_open(schedule({"Mon UTC"}), now), now);
}

TEST(ScheduleTest, BothMustBeOpen) {
    const Schedule s =
        both(schedule({"Mon-Fri UTC"}, {"Wed UTC"}), schedule({"09:00-17:00 UTC"}, {"Thu UTC"}));
    EXPECT_EQ(show(next_open(s, utc("2026-06-02T18:00:00Z"))), "2026-06-05T09:00:00Z");
    EXPECT_EQ(both(s, s), s);
}

TEST(ScheduleTest, NeverOpenIsAnError) {
    EXPECT_TRUE(can_open(schedule({}, {"Mon-Sun UTC"})).has_error());
    EXPECT_TRUE(can_open(schedule({"Mon-Fri UTC"}, {"Mon-Sat UTC"})).has_error());
    EXPECT_TRUE(can_open(schedule({"2026-01-05 UTC"}, {"Mon-Fri UTC"})).has_error());
    EXPECT_TRUE(can_open(schedule({"2020-01-05 UTC"})).has_value());
    EXPECT_TRUE(can_open(schedule({"2060-01-05 UTC"})).has_value());
    EXPECT_TRUE(can_open(schedule({"Mon-Fri UTC"}, {"Mon-Thu UTC"})).has_value());
}

TEST(SpanTest, SaysWhatIsWrong) {
    struct Case {
        std::string text;
        std::string message;
    };
    const std::vector<Case> cases{
        {"", "is no window; write it like"},
        {"UTC", "is no window"},
        {"Mon-Fri 09:00-17:00", "names no time zone; write one at the end, such as Europe/London"},
        {"Mon-Fri", "names no time zone"},
        {"Mon-Fri 09:00-17:00 Europe/Lodnon", "there is no time zone \"Europe/Lodnon\""},
        {"Mon-Fri ../../etc/passwd", "can't be the name of a time zone"},
        {"Mon localtime", "can't be the name of a time zone"},
        {"Mon right/UTC", "can't be the name of a time zone"},
        {"Mon-Fry 09:00-17:00 UTC", "is neither days (Mon-Fri) nor times (09:00-17:00)"},
        {"09:00 UTC", "is neither days"},
        {"09:00-25:00 UTC", "is neither days"},
        {"09:00-24:30 UTC", "is neither days"},
        {"9:00-17:00 UTC", "is neither days"},
        {"09:00-09:00 UTC", "begins when it ends"},
        {"Mon 09:00-10:00 11:00-12:00 UTC", "\"11:00-12:00\": is one word too many"},
        {"Fri 17:00/Fri 17:00 UTC", "begins when it ends"},
        {"Fri/Mon UTC", "is not a day and a time"},
        {"2026-13-01 UTC", "is not a date"},
        {"2026-02-29 UTC", "is not a date"},
        {"2026-12-20/2026-12-19 UTC", "ends before it begins"},
        {"2026-12-20T18:00 UTC", "has no end"},
        {"2026-12-20/2026-12-21/2026-12-22 UTC", "more than one"},
        {"cron: 0 9 * * for 8h UTC", "five fields and a length"},
        {"cron: 60 9 * * * for 8h UTC", "\"60\" is not the minute of cron: numbers from 0 to 59"},
        {"cron: 0 9-5 * * * for 8h UTC", "is not the hour"},
        {"cron: 0 9 0 * * for 8h UTC", "is not the day of month"},
        {"cron: 0 9 * */0 * for 8h UTC", "is not the month"},
        {"cron: 0 9 * * 8 for 8h UTC", "is not the day of week"},
        {"cron: 0 9 * * * for 8 UTC", "is not a duration"},
        {"cron: 0 9 * * * for 32d UTC", "at most 31 days"},
        {"cron: 0 9 * * * for 30s UTC", "whole minutes"},
        {"cron: 0 9 31 2 * for 8h UTC", "never begins"},
        {std::string(300, 'x'), "longer than 200 bytes"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const auto span = Span::parse(c.text);
        ASSERT_TRUE(span.has_error());
        EXPECT_THAT(span.error().message, HasSubstr(c.message));
    }
    EXPECT_EQ(Span::parse("Mon Europe/Lodnon").error().kind, Errc::NotFound);
}

// What state_of() says about changes, held against what it says about instants, minute by minute
// over the days on which clocks change.
RC_GTEST_PROP(SpanProperty, NothingChangesBeforeItSays, ()) {
    const auto zone = *rc::gen::elementOf(std::vector<std::string>{
        "UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"});
    const auto begin = *rc::gen::elementOf(std::vector<std::string>{
        "2026-03-08T00:00:00Z",
        "2026-03-28T12:00:00Z",
        "2026-10-24T12:00:00Z",
        "2026-10-31T20:00:00Z",
        "2026-04-04T06:00:00Z",
        "2026-10-03T06:00:00Z",
        "2011-12-29T12:00:00Z"});
    const auto clock = [](int minutes) {
        return (minutes < 600 ? "0" : "") + std::to_string(minutes / 60) + ":" +
               (minutes % 60 < 10 ? "0" : "") + std::to_string(minutes % 60);
    };
    const int from = *rc::gen::inRange(0, 24 * 60);
    const int length = *rc::gen::inRange(1, 24 * 60);
    const std::string text =
        *rc::gen::arbitrary<bool>()
            ? clock(from) + "-" + clock((from + length) % (24 * 60)) + " " + zone
            : "cron: " + std::to_string(from % 60) + " " + std::to_string(from / 60) +
                  " * * * for " + std::to_string(length) + "m " + zone;
    const auto span = Span::parse(text);
    RC_ASSERT(span.has_value());
    UtcTime at = utc(begin);
    const UtcTime end = at + chrono::hours{36};
    Span::State state = span->at(at);
    for (; at < end; at += chrono::minutes{1}) {
        const Span::State now = span->at(at);
        if (state.until && at >= *state.until) state = now;
        RC_ASSERT(now.in_force == state.in_force);
        RC_ASSERT(!now.until || *now.until > at);
    }
}

}  // namespace
}  // namespace linkspan::policy
