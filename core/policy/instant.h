// Instant: a point in time as RFC 3339 writes it, to whatever fraction of a second was written.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::policy {

struct Instant {
    std::int64_t seconds = 0;   // since 1970-01-01T00:00:00Z
    std::string_view fraction;  // digits after the point, without trailing zeros; into the text
    friend auto operator<=>(const Instant&, const Instant&) = default;
};

// "2024-02-29T12:00:00.5+01:00". Leap seconds count as the second after. nullopt for anything else.
std::optional<Instant> read_instant(std::string_view text);
// Ascends with time, though not strictly: to a ten-millionth of a second.
std::uint64_t prefix(const Instant& instant);
// In UTC: "2024-02-29T11:00:00.5Z".
std::string write(const Instant& instant);

}  // namespace linkspan::policy
