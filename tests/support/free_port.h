#pragma once

#include <cstdint>

namespace linkspan::support {

// A TCP port of 127.0.0.1 that was free a moment ago. Somebody may take it before its user does:
// start the user in a loop that asks again.
std::uint16_t free_port();

}  // namespace linkspan::support
