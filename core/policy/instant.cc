#include "core/policy/instant.h"

#include "core/policy/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace linkspan::policy {

namespace {

// Takes `width` digits and, when it is not NUL, the character after them.
std::optional<int> take(std::string_view& text, std::size_t width, char after) {
    const std::size_t length = width + (after == '\0' ? 0 : 1);
    if (text.size() < length || !all_digits(text.substr(0, width))) return std::nullopt;
    if (after != '\0' && text[width] != after) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(0, width)) value = value * 10 + (c - '0');
    text.remove_prefix(length);
    return value;
}

// "Z" or "+01:00", in minutes.
std::optional<int> take_offset(std::string_view text) {
    if (text == "Z" || text == "z") return 0;
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto hours = take(text, 2, ':');
    const auto minutes = take(text, 2, '\0');
    if (!hours || !minutes || !text.empty() || *hours > 23 || *minutes > 59) return std::nullopt;
    return sign * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<Instant> read_instant(std::string_view text) {
    namespace chrono = std::chrono;
    const auto year = take(text, 4, '-');
    const auto month = take(text, 2, '-');
    const auto day = take(text, 2, '\0');
    if (!year || !month || !day || text.empty()) return std::nullopt;
    // RFC 3339 lets a space or a lower-case t stand for the T.
    if (text.front() != 'T' && text.front() != 't' && text.front() != ' ') return std::nullopt;
    text.remove_prefix(1);
    const auto hour = take(text, 2, ':');
    const auto minute = take(text, 2, ':');
    const auto second = take(text, 2, '\0');
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    Instant out;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
        if (end == 0) return std::nullopt;
        out.fraction = text.substr(0, end);
        out.fraction = out.fraction.substr(0, out.fraction.find_last_not_of('0') + 1);
        text.remove_prefix(end);
    }
    const auto offset = take_offset(text);
    const chrono::year_month_day date{
        chrono::year{*year},
        chrono::month{static_cast<unsigned>(*month)},
        chrono::day{static_cast<unsigned>(*day)}};
    if (!offset || !date.ok()) return std::nullopt;
    const auto time = chrono::sys_days{date} + chrono::hours{*hour} +
                      chrono::minutes{*minute - *offset} + chrono::seconds{*second};
    out.seconds = time.time_since_epoch().count();
    return out;
}

std::uint64_t prefix(const Instant& instant) {
    constexpr std::int64_t kLeast = -62167305600;  // before year 0 in any zone
    std::uint64_t digits = 0;
    for (std::size_t i = 0; i < 7; ++i) {
        const char c = i < instant.fraction.size() ? instant.fraction[i] : '0';
        digits = digits * 10 + static_cast<unsigned>(c - '0');
    }
    return (static_cast<std::uint64_t>(instant.seconds - kLeast) << 24U) | digits;
}

std::string write(const Instant& instant) {
    namespace chrono = std::chrono;
    const chrono::sys_seconds time{chrono::seconds{instant.seconds}};
    const auto midnight = chrono::floor<chrono::days>(time);
    const chrono::year_month_day date{midnight};
    const chrono::hh_mm_ss clock{time - midnight};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        instant.fraction.empty() ? "" : ".",
        instant.fraction
    );
}

}  // namespace linkspan::policy
