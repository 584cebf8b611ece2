// How long to wait before trying again.
#pragma once

#include "core/result.h"

#include <chrono>
#include <random>

namespace linkspan::pipeline {

// Doubles from `initial` to `longest`, with the upper half random ("equal jitter"), so that a
// thousand events that met one outage do not come back as one; what the other side asked for
// (Retry-After) is the least.
template <class Random>
std::chrono::milliseconds backoff(
    int attempt,
    std::chrono::milliseconds initial,
    std::chrono::milliseconds longest,
    const Error& error,
    Random& random
) {
    auto span = initial;
    for (int i = 0; i < attempt && span < longest; ++i) span *= 2;
    span = std::max(std::chrono::milliseconds{1}, std::min(span, longest));
    std::uniform_int_distribution<long long> jitter{span.count() / 2, span.count()};
    std::chrono::milliseconds wait{jitter(random)};
    if (error.retry_after) wait = std::max<std::chrono::milliseconds>(wait, *error.retry_after);
    return wait;
}

}  // namespace linkspan::pipeline
