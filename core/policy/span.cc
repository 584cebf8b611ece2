#include "core/policy/span.h"

#include "core/duration.h"
#include "core/image/quote.h"
#include "core/policy/cron.h"
#include "core/policy/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>

namespace linkspan::policy {

namespace {

namespace chrono = std::chrono;

constexpr int kDay = 24 * 60;  // minutes
constexpr int kWeek = 7 * kDay;
constexpr std::size_t kLongestText = 200;
constexpr std::string_view kForms =
    "write it like \"Mon-Fri 09:00-17:00 Europe/London\", \"2026-12-20/2027-01-03 Europe/London\" "
    "or "
    "\"cron: 0 9 * * 1-5 for 8h Europe/London\"";

Error bad(std::string_view what, std::string_view why) {
    return {Errc::InvalidInput, fmt::format("{}: {}", image::quote(what), why)};
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    while (true) {
        const std::size_t end = text.find(at);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string_view> words(std::string_view text) {
    auto out = split(text, ' ');
    std::erase_if(out, [](std::string_view word) { return word.empty(); });
    return out;
}

std::optional<int> digits(std::string_view text, std::size_t width) {
    if (text.size() != width || !all_digits(text)) return std::nullopt;
    int out = 0;
    for (const char c : text) out = out * 10 + (c - '0');
    return out;
}

// "09:00", in minutes; "24:00" is the end of the day.
std::optional<int> read_clock(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto hour = digits(text.substr(0, 2), 2);
    const auto minute = digits(text.substr(3), 2);
    if (!hour || !minute || *minute > 59 || *hour > 24 || (*hour == 24 && *minute != 0)) {
        return std::nullopt;
    }
    return *hour * 60 + *minute;
}

// Monday is 0.
std::optional<int> read_day(std::string_view text) {
    const auto name = std::find_if(kWeekdays.begin(), kWeekdays.end(), [&](std::string_view day) {
        return same_word(day, text);
    });
    if (name == kWeekdays.end()) return std::nullopt;
    return (static_cast<int>(name - kWeekdays.begin()) + 6) % 7;
}

// "Mon-Wed,Sat": bit n is the nth day from Monday on.
std::optional<unsigned> read_days(std::string_view text) {
    unsigned out = 0;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto first = read_day(part.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : read_day(part.substr(dash + 1));
        if (!first || !last) return std::nullopt;
        for (int day = *first;; day = (day + 1) % 7) {
            out |= 1U << static_cast<unsigned>(day);
            if (day == *last) break;
        }
    }
    return out;
}

// "09:00-12:00,13:00-17:00": minutes of a day; an end that is before its beginning is on the next.
Result<std::vector<WeekPart>> read_times(std::string_view text) {
    std::vector<WeekPart> out;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t dash = part.find('-');
        const auto begin = read_clock(part.substr(0, dash));
        const auto end =
            dash == std::string_view::npos ? std::nullopt : read_clock(part.substr(dash + 1));
        if (!begin || !end || *begin == kDay) {
            return bad(part, "is neither days (Mon-Fri) nor times (09:00-17:00)");
        }
        if (*begin == *end) {
            return bad(part, "begins when it ends; leave the times out for whole days");
        }
        out.push_back({*begin, *end < *begin ? *end + kDay : *end});
    }
    return out;
}

Result<Weekly> read_weekly(std::span<const std::string_view> fields) {
    unsigned days = 0x7f;
    std::vector<WeekPart> times{{0, kDay}};
    std::size_t next = 0;
    if (const auto named = read_days(fields[0])) {
        days = *named;
        ++next;
    }
    if (next < fields.size()) {
        LINKSPAN_TRY(read, read_times(fields[next]));
        times = std::move(read);
        ++next;
    }
    if (next < fields.size()) return bad(fields[next], "is one word too many");
    Weekly out;
    for (int day = 0; day < 7; ++day) {
        if ((days & (1U << static_cast<unsigned>(day))) == 0) continue;
        for (const WeekPart& time : times) {
            out.parts.push_back({day * kDay + time.begin, day * kDay + time.end});
        }
    }
    return out;
}

// "Fri 17:00/Mon 08:00"
Result<Weekly> read_moments(std::string_view text) {
    std::array<int, 2> minutes{};
    const auto sides = split(text, '/');
    if (sides.size() != 2) return bad(text, "has more than one '/'");
    for (std::size_t i = 0; i < 2; ++i) {
        const auto parts = words(sides[i]);
        const auto day = parts.empty() ? std::nullopt : read_day(parts[0]);
        const auto clock = parts.size() == 2 ? read_clock(parts[1]) : std::nullopt;
        if (!day || !clock) {
            return bad(sides[i], "is not a day and a time; write \"Fri 17:00/Mon 08:00\"");
        }
        minutes[i] = *day * kDay + *clock;
    }
    if (minutes[0] % kWeek == minutes[1] % kWeek) return bad(text, "begins when it ends");
    if (minutes[1] < minutes[0]) minutes[1] += kWeek;
    return Weekly{{{minutes[0], minutes[1]}}};
}

// "2026-12-20", or with "T18:00".
std::optional<LocalTime> read_moment(std::string_view text, bool& whole_day) {
    whole_day = text.size() == 10;
    if (text.size() != 16 && !whole_day) return std::nullopt;
    if (text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4), 4);
    const auto month = digits(text.substr(5, 2), 2);
    const auto day = digits(text.substr(8, 2), 2);
    if (!year || !month || !day) return std::nullopt;
    const chrono::year_month_day date{
        chrono::year{*year},
        chrono::month{static_cast<unsigned>(*month)},
        chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    int minutes = 0;
    if (!whole_day) {
        const auto clock = text[10] == 'T' ? read_clock(text.substr(11)) : std::nullopt;
        if (!clock) return std::nullopt;
        minutes = *clock;
    }
    return LocalTime{chrono::local_days{date}} + chrono::minutes{minutes};
}

Result<Dated> read_dated(std::string_view text) {
    const auto sides = split(text, '/');
    std::array<LocalTime, 2> moments{};
    bool last_is_day = false;
    if (sides.size() > 2) return bad(text, "has more than one '/'");
    for (std::size_t i = 0; i < sides.size(); ++i) {
        const auto moment = read_moment(sides[i], last_is_day);
        if (!moment) {
            return bad(sides[i], "is not a date; write \"2026-12-20\" or \"2026-12-20T18:00\"");
        }
        moments[i] = *moment;
    }
    if (sides.size() == 1) {
        if (!last_is_day) return bad(text, "has no end; write \"2026-12-24T18:00/2026-12-27\"");
        moments[1] = moments[0];
    }
    if (last_is_day) moments[1] += chrono::days{1};
    if (moments[1] <= moments[0]) return bad(text, "ends before it begins");
    return Dated{moments[0], moments[1]};
}

bool looks_dated(std::string_view word) {
    return word.size() >= 5 && all_digits(word.substr(0, 4)) && word[4] == '-';
}

Span::State state_of(const Weekly& weekly, const Zone& zone, UtcTime at) {
    const Zone::Segment segment = zone.at(at);
    const LocalTime local{at.time_since_epoch() + segment.offset};
    const auto today = chrono::floor<chrono::days>(local);
    const chrono::seconds since_monday =
        (chrono::weekday{today} - chrono::Monday) + (local - LocalTime{today});
    constexpr chrono::seconds kWholeWeek = chrono::minutes{kWeek};
    Span::State out;
    chrono::seconds change = kWholeWeek;
    for (const WeekPart& part : weekly.parts) {
        const chrono::seconds begin = chrono::minutes{part.begin};
        const chrono::seconds end = chrono::minutes{part.end};
        for (const chrono::seconds shift : {chrono::seconds{0}, kWholeWeek}) {
            const chrono::seconds now = since_monday + shift;
            out.in_force |= now >= begin && now < end;
            for (const chrono::seconds boundary : {begin, end, begin + kWholeWeek}) {
                if (boundary > now) change = std::min(change, boundary - now);
            }
        }
    }
    out.until = at + change;
    if (segment.end) out.until = std::min(*out.until, *segment.end);
    return out;
}

Span::State state_of(const Dated& dated, const Zone& zone, UtcTime at) {
    const Zone::Segment segment = zone.at(at);
    const LocalTime local{at.time_since_epoch() + segment.offset};
    Span::State out{.in_force = local >= dated.begin && local < dated.end, .until = segment.end};
    if (local >= dated.end) {
        // Clocks that go back can show a time before the end again, but not by days.
        if (local - dated.end > chrono::days{2}) out.until = std::nullopt;
        return out;
    }
    const UtcTime change = at + ((out.in_force ? dated.end : dated.begin) - local);
    out.until = segment.end ? std::min(*segment.end, change) : change;
    return out;
}

Span::State state_of(const Cron& cron, const Zone& zone, UtcTime at) {
    const auto start = next_start(cron, zone, at - cron.length + chrono::seconds{1});
    if (start && *start <= at) return {.in_force = true, .until = *start + cron.length};
    return {.in_force = false, .until = start};
}

}  // namespace

Result<Span> Span::parse(std::string_view text) {
    if (text.size() > kLongestText) return bad(text, "is longer than 200 bytes");
    const bool cron = text.starts_with("cron:");
    const auto fields = words(cron ? text.substr(5) : text);
    const bool zone_last =
        fields.size() > 1 && !read_days(fields.back()) && !all_digits(fields.back().substr(0, 1));
    if (fields.size() < 2 || !zone_last) {
        // "Mon-Fri 09:00-17:00": the usual mistake.
        const bool zone_missing = !cron && !fields.empty() &&
                                  (read_days(fields[0]) || all_digits(fields[0].substr(0, 1)));
        if (zone_missing) {
            return bad(text, "names no time zone; write one at the end, such as Europe/London");
        }
        return bad(text, fmt::format("is no window; {}", kForms));
    }
    Span out;
    out.text_ = text;
    const auto zone = Zone::find(fields.back());
    if (zone.has_error()) return zone.error().within(image::quote(text));
    out.zone_ = *zone;
    const std::span<const std::string_view> body{fields.data(), fields.size() - 1};
    if (cron) {
        LINKSPAN_TRY(read, read_cron(body));
        if (!next_start(read, out.zone_, UtcTime{})) return bad(text, "never begins");
        out.when_ = read;
    } else if (looks_dated(body[0])) {
        if (body.size() > 1) return bad(body[1], "is one word too many");
        LINKSPAN_TRY(read, read_dated(body[0]));
        out.when_ = read;
    } else if (const auto slash = text.find('/'); slash < text.rfind(fields.back())) {
        LINKSPAN_TRY(read, read_moments(text.substr(0, text.rfind(fields.back()))));
        out.when_ = read;
    } else {
        LINKSPAN_TRY(read, read_weekly(body));
        out.when_ = std::move(read);
    }
    return out;
}

Span::State Span::at(UtcTime instant) const {
    return std::visit([&](const auto& when) { return state_of(when, zone_, instant); }, when_);
}

std::optional<UtcTime> Span::dated_begin() const {
    const auto* const dated = std::get_if<Dated>(&when_);
    if (dated == nullptr) return std::nullopt;
    return zone_.to_instant(dated->begin);
}

}  // namespace linkspan::policy
