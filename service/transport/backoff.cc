#include "service/transport/backoff.h"

#include <algorithm>
#include <cmath>

namespace linkspan::transport {

using std::chrono::milliseconds;

milliseconds Backoff::pause(
    unsigned tries_so_far, double random, std::optional<std::chrono::seconds> retry_after
) const {
    const double most = static_cast<double>(std::max<milliseconds::rep>(longest.count(), 0));
    const double first = static_cast<double>(std::max<milliseconds::rep>(initial.count(), 0));
    // Doubles don't overflow, they become infinite, which `most` bounds.
    const double full =
        std::min(most, std::ldexp(first, static_cast<int>(std::min(tries_so_far, 1000U)) - 1));
    const double share = 0.5 + std::clamp(random, 0.0, 1.0) / 2;
    milliseconds out{static_cast<milliseconds::rep>(full * share)};
    if (retry_after) {
        // Everybody was told the same time: spread over another tenth.
        const double asked = static_cast<double>(milliseconds{*retry_after}.count());
        const milliseconds told{
            static_cast<milliseconds::rep>(asked * (1 + std::clamp(random, 0.0, 1.0) / 10))};
        out = std::max(out, told);
    }
    return out;
}

std::optional<milliseconds> Backoff::next(
    const Error& error, unsigned tries_so_far, milliseconds time_left, double random
) const {
    if (!is_transient(error.kind)) return std::nullopt;
    if (tries != 0 && tries_so_far >= tries) return std::nullopt;
    const milliseconds out = pause(tries_so_far, random, error.retry_after);
    if (out > time_left / 2) return std::nullopt;
    return out;
}

}  // namespace linkspan::transport
