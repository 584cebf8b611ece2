#pragma once

#include <cstdint>

namespace linkspan::support {

// A TCP port of 127.0.0.1 that is free now, and that no other caller gets until this process ends:
// a server may end and start again on it. It is not among those that the kernel gives to outgoing
// connections.
std::uint16_t free_port();

}  // namespace linkspan::support
