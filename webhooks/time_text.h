// Times as senders write them, and as we show them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::webhooks {

// "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+02:00". nullopt: malformed, or no such day.
// Fractions finer than a millisecond are cut off.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

// Unix seconds as RFC 3339 in UTC; nullopt outside the years 1 to 9999.
std::optional<std::string> rfc3339_of(std::int64_t unix_seconds);

// "…+0000" as "…+00:00", which is all that keeps some senders' times from being RFC 3339.
std::string with_colon_in_offset(std::string text);

}  // namespace linkspan::webhooks
