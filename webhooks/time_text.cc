#include "webhooks/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace linkspan::webhooks {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
    if (at + digits > text.size()) return std::nullopt;
    int value = 0;
    for (const char c : text.substr(at, digits)) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// Seconds east of UTC of "Z", "+hh:mm" or "-hh:mm".
std::optional<int> offset_of(std::string_view zone) {
    if (zone == "Z" || zone == "z") return 0;
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') {
        return std::nullopt;
    }
    const auto hours = number(zone, 1, 2);
    const auto minutes = number(zone, 4, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const int seconds = (*hours * 60 + *minutes) * 60;
    return zone[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text) {
    constexpr std::size_t kUpToSeconds = 19;
    if (text.size() <= kUpToSeconds || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
        text[16] != ':' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
        return std::nullopt;
    }
    const auto year = number(text, 0, 4);
    const auto month = number(text, 5, 2);
    const auto day = number(text, 8, 2);
    const auto hour = number(text, 11, 2);
    const auto minute = number(text, 14, 2);
    const auto second = number(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    const std::chrono::year_month_day date{
        std::chrono::year{*year},
        std::chrono::month{static_cast<unsigned>(*month)},
        std::chrono::day{static_cast<unsigned>(*day)}};
    // A leap second is the one 60.
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;

    std::size_t at = kUpToSeconds;
    int milliseconds = 0;
    if (text[at] == '.') {
        const std::size_t first = ++at;
        while (at < text.size() && is_digit(text[at])) ++at;
        if (at == first) return std::nullopt;
        for (std::size_t i = 0; i < 3; ++i) {
            milliseconds = milliseconds * 10 + (first + i < at ? text[first + i] - '0' : 0);
        }
    }
    const auto offset = offset_of(text.substr(at));
    if (!offset) return std::nullopt;
    return std::chrono::sys_days{date} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
           std::chrono::seconds{*second - *offset} + std::chrono::milliseconds{milliseconds};
}

std::optional<std::string> rfc3339_of(std::int64_t unix_seconds) {
    constexpr std::int64_t kFirst = -62135596800;  // 0001-01-01T00:00:00Z
    constexpr std::int64_t kLast = 253402300799;   // 9999-12-31T23:59:59Z
    if (unix_seconds < kFirst || unix_seconds > kLast) return std::nullopt;
    const std::chrono::sys_seconds time{std::chrono::seconds{unix_seconds}};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count()
    );
}

std::string with_colon_in_offset(std::string text) {
    const std::size_t size = text.size();
    if (size > 5 && (text[size - 5] == '+' || text[size - 5] == '-') &&
        std::all_of(text.end() - 4, text.end(), is_digit) && text.find('T') != std::string::npos) {
        return text.substr(0, size - 2) + ":" + text.substr(size - 2);
    }
    return text;
}

}  // namespace linkspan::webhooks
