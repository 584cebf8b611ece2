// TimePoint: wall-clock time, as it is stored (to the nanosecond).
#pragma once

#include <chrono>

namespace linkspan::store {

using TimePoint = std::chrono::system_clock::time_point;

}  // namespace linkspan::store
