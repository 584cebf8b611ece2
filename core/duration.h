// Durations as people write them: "30s", "5m", "1h30m", "250ms", "3d".
#pragma once

#include "core/result.h"

#include <chrono>
#include <string>
#include <string_view>

namespace linkspan {

// Numbers with units ms, s, m, h, d in any order, each unit once; "0" needs none. At most 100
// years. Errors: InvalidInput; the message follows the text: "is not a duration; …".
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds value);

}  // namespace linkspan
