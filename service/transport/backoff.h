// Backoff: how long to wait before the next try. Pure; randomness and time are given.
#pragma once

#include "core/result.h"

#include <chrono>
#include <optional>

namespace linkspan::transport {

struct Backoff {
    std::chrono::milliseconds initial{1000};
    std::chrono::milliseconds longest{300000};
    // Tries in all, the first included; 0: no limit but the time.
    unsigned tries = 0;

    // The pause after the `tries_so_far`-th try failed (1, 2, …): initial · 2ⁿ, at most `longest`,
    // of which the upper half is random, so that those who failed together don't come back
    // together. At least what the other side asked for. `random` is in [0, 1).
    [[nodiscard]] std::chrono::milliseconds pause(
        unsigned tries_so_far,
        double random,
        std::optional<std::chrono::seconds> retry_after = std::nullopt
    ) const;

    // The same, or nullopt when there is no next try: the error is not transient, the tries are
    // used up, or the pause would take more than half of the time that is left (what remained could
    // hardly be used).
    [[nodiscard]] std::optional<std::chrono::milliseconds> next(
        const Error& error,
        unsigned tries_so_far,
        std::chrono::milliseconds time_left,
        double random
    ) const;
};

}  // namespace linkspan::transport
