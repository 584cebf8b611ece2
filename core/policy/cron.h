// Cron: times at which cron would start something, and for how long that lasts. Private to
// core/policy; the meaning of the fields is crontab(5)'s.
#pragma once

#include "core/policy/zone.h"
#include "core/result.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace linkspan::policy {

// As cron counts them.
inline constexpr std::array<std::string_view, 7> kWeekdays{
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// Letters of either case.
bool same_word(std::string_view a, std::string_view b);

// Bit n: n is in the field.
struct Cron {
    std::uint64_t minutes = 0;
    std::uint32_t hours = 0;
    std::uint32_t days = 0;
    std::uint32_t months = 0;
    std::uint32_t weekdays = 0;  // 0: Sunday
    // When both day fields are restricted, either will do.
    bool either_day = false;
    std::chrono::minutes length{};
};

// "0 9 * * 1-5 for 8h", in words. At most 31 days long. Errors: InvalidInput.
Result<Cron> read_cron(std::span<const std::string_view> fields);

// The first start at `from` or later; nullopt: none within nine years, so never.
std::optional<UtcTime> next_start(const Cron& cron, const Zone& zone, UtcTime from);

}  // namespace linkspan::policy
