#include "core/policy/cron.h"

#include "core/duration.h"
#include "core/image/quote.h"
#include "core/policy/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace linkspan::policy {

namespace {

namespace chrono = std::chrono;

constexpr std::array<std::string_view, 12> kMonths{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
// A 29th of February can be eight years away.
constexpr int kDaysAhead = 9 * 366;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct Field {
    std::string_view name;
    unsigned least;
    unsigned most;
    std::span<const std::string_view> names{};  // of `least` and those after it
};

Error bad(std::string_view text, const Field& field) {
    return {
        Errc::InvalidInput,
        fmt::format(
            "{} is not the {} of cron: numbers from {} to {}, a-b, lists with commas, * and /step",
            image::quote(text),
            field.name,
            field.least,
            field.most
        )};
}

std::optional<unsigned> read_number(std::string_view text, const Field& field) {
    for (std::size_t i = 0; i < field.names.size(); ++i) {
        if (same_word(text, field.names[i])) return field.least + static_cast<unsigned>(i);
    }
    if (text.size() > 3 || !all_digits(text)) return std::nullopt;
    unsigned out = 0;
    for (const char c : text) out = out * 10 + static_cast<unsigned>(c - '0');
    if (out < field.least || out > field.most) return std::nullopt;
    return out;
}

Result<std::uint64_t> read_field(std::string_view text, const Field& field) {
    std::uint64_t out = 0;
    for (std::string_view rest = text;;) {
        const std::size_t comma = rest.find(',');
        std::string_view part = rest.substr(0, comma);
        unsigned step = 1;
        const std::size_t slash = part.find('/');
        if (slash != std::string_view::npos) {
            const Field steps{.name = field.name, .least = 1, .most = field.most};
            const auto read = read_number(part.substr(slash + 1), steps);
            if (!read) return bad(text, field);
            step = *read;
            part = part.substr(0, slash);
        }
        const std::size_t dash = part.find('-');
        std::optional<unsigned> first = field.least;
        std::optional<unsigned> last = field.most;
        if (part != "*") {
            first = read_number(part.substr(0, dash), field);
            last =
                dash == std::string_view::npos ? first : read_number(part.substr(dash + 1), field);
            // "5/10" has no end: from 5 on.
            if (dash == std::string_view::npos && slash != std::string_view::npos) {
                last = field.most;
            }
        }
        if (!first || !last || *last < *first) return bad(text, field);
        for (unsigned n = *first; n <= *last; n += step) out |= std::uint64_t{1} << n;
        if (comma == std::string_view::npos) return out;
        rest.remove_prefix(comma + 1);
    }
}

bool on_day(const Cron& cron, chrono::local_days day) {
    const chrono::year_month_day date{day};
    const auto has = [](std::uint32_t bits, unsigned n) { return (bits >> n & 1U) != 0; };
    if (!has(cron.months, static_cast<unsigned>(date.month()))) return false;
    const bool by_date = has(cron.days, static_cast<unsigned>(date.day()));
    const bool by_week = has(cron.weekdays, chrono::weekday{day}.c_encoding());
    return cron.either_day ? by_date || by_week : by_date && by_week;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return lower(x) == lower(y);
    });
}

Result<Cron> read_cron(std::span<const std::string_view> fields) {
    if (fields.size() != 7 || fields[5] != "for") {
        return Error{
            Errc::InvalidInput,
            "cron has five fields and a length; write \"cron: 0 9 * * 1-5 for 8h Europe/London\""};
    }
    Cron out;
    LINKSPAN_TRY(minutes, read_field(fields[0], {.name = "minute", .least = 0, .most = 59}));
    LINKSPAN_TRY(hours, read_field(fields[1], {.name = "hour", .least = 0, .most = 23}));
    LINKSPAN_TRY(days, read_field(fields[2], {.name = "day of month", .least = 1, .most = 31}));
    LINKSPAN_TRY(
        months, read_field(fields[3], {.name = "month", .least = 1, .most = 12, .names = kMonths})
    );
    LINKSPAN_TRY(
        weekdays,
        read_field(fields[4], {.name = "day of week", .least = 0, .most = 7, .names = kWeekdays})
    );
    out.minutes = minutes;
    out.hours = static_cast<std::uint32_t>(hours);
    out.days = static_cast<std::uint32_t>(days);
    out.months = static_cast<std::uint32_t>(months);
    // 7 is Sunday too.
    out.weekdays = static_cast<std::uint32_t>((weekdays | (weekdays >> 7U)) & 0x7fU);
    out.either_day = !fields[2].starts_with('*') && !fields[4].starts_with('*');
    const auto length = parse_duration(fields[6]);
    if (length.has_error()) {
        return Error{Errc::InvalidInput, image::quote(fields[6]) + " " + length.error().message};
    }
    constexpr chrono::milliseconds kMost = chrono::days{31};
    if (*length < chrono::minutes{1} || *length > kMost ||
        *length % chrono::minutes{1} != length->zero()) {
        return Error{
            Errc::InvalidInput,
            image::quote(fields[6]) + " must be whole minutes, at most 31 days"};
    }
    out.length = chrono::duration_cast<chrono::minutes>(*length);
    return out;
}

std::optional<UtcTime> next_start(const Cron& cron, const Zone& zone, UtcTime from) {
    const auto local_at = [&](UtcTime at) {
        return LocalTime{at.time_since_epoch() + zone.at(at).offset};
    };
    // Just when the clocks jump, everything that was skipped starts.
    const UtcTime before = from - chrono::seconds{1};
    const LocalTime begin = std::min(local_at(from), local_at(before) + chrono::seconds{1});
    const auto first_day = chrono::floor<chrono::days>(begin);
    for (int ahead = 0; ahead < kDaysAhead; ++ahead) {
        const auto day = first_day + chrono::days{ahead};
        if (!on_day(cron, day)) continue;
        for (unsigned hour = 0; hour < 24; ++hour) {
            if ((cron.hours >> hour & 1U) == 0) continue;
            if (LocalTime{day} + chrono::hours{hour + 1} <= begin) continue;
            for (unsigned minute = 0; minute < 60; ++minute) {
                if ((cron.minutes >> minute & 1U) == 0) continue;
                const LocalTime start =
                    LocalTime{day} + chrono::hours{hour} + chrono::minutes{minute};
                if (start < begin) continue;
                const UtcTime at = zone.to_instant(start);
                if (at >= from) return at;
            }
        }
    }
    return std::nullopt;
}

}  // namespace linkspan::policy
