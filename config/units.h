// Durations ("30s", "5m", "1h30m", "250ms", "3d") and sizes ("1MiB", "64KiB", plain bytes).
#pragma once

#include "core/duration.h"
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace linkspan::config {

// core's, with the text in the message. Errors: InvalidInput, which says how a duration is written.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
using linkspan::format_duration;

// A whole number of bytes, or of KiB, MiB or GiB. Errors: InvalidInput.
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

// The regular expressions of the two, for the JSON Schema.
inline constexpr std::string_view kDurationPattern = "^(0|([0-9]+(ms|s|m|h|d))+)$";
inline constexpr std::string_view kSizePattern = "^[0-9]+(B|KiB|MiB|GiB)?$";

}  // namespace linkspan::config
