// The names of the time zones that the system has: for "did you mean …?".
#pragma once

#include <string>
#include <vector>

namespace linkspan::config {

// Read once, from TZDIR or /usr/share/zoneinfo; empty where its list can't be read. Any thread.
const std::vector<std::string>& zone_names();

}  // namespace linkspan::config
