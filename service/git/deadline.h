// Deadline: how long one operation with a remote may still take.
//
// One rule for everything: an operation ends after `timeout`, unless data has moved at a fair rate
// (kFairRate) during that whole time; then it gets another `timeout`, at most kMaxWindows of them.
// So the first copy of a large repository may take minutes, while a server that is silent, or that
// sends a byte now and then, is given up after one `timeout`.
#pragma once

#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace linkspan::git {

class Deadline {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kFairRate = 4096;  // bytes a second
    static constexpr int kMaxWindows = 30;

    explicit Deadline(std::chrono::milliseconds timeout, Clock::time_point now = Clock::now());

    // Counts bytes that went over the wire, in either direction.
    void moved(std::size_t bytes) { moved_ += bytes; }
    // Time left; zero when the deadline has passed.
    std::chrono::milliseconds remaining(Clock::time_point now = Clock::now());
    [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }
    [[nodiscard]] Error failure(std::string_view remote) const;

private:
    std::chrono::milliseconds timeout_;
    Clock::time_point end_;
    std::size_t moved_ = 0;
    int windows_ = 1;
};

}  // namespace linkspan::git
