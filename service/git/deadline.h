// Deadline: how long one operation with a remote may still take.
//
// One rule for everything: an operation ends after `timeout`, unless data has moved at a fair rate
// (kFairRate) during that whole time; then it gets another `timeout`, at most kMaxWindows of them.
// So the first copy of a large repository may take minutes, while a server that is silent, or that
// sends a byte now and then, is given up after one `timeout`.
#pragma once

#include "core/result.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace linkspan::git {

class Deadline {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kFairRate = 4096;  // bytes a second
    static constexpr int kMaxWindows = 30;

    // `stop`, when given, ends the operation at once; it must outlive the deadline.
    explicit Deadline(
        std::chrono::milliseconds timeout,
        const std::atomic<bool>* stop = nullptr,
        Clock::time_point now = Clock::now()
    );

    // Counts bytes that went over the wire, in either direction.
    void moved(std::size_t bytes) { moved_ += bytes; }
    // Time left; zero when the deadline has passed.
    std::chrono::milliseconds remaining(Clock::time_point now = Clock::now());
    // How long to wait in poll() before looking again: not so long that `stop` would go unnoticed.
    // Only while something remains.
    [[nodiscard]] int poll_time(std::chrono::milliseconds left) const;
    [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }
    [[nodiscard]] Error failure(std::string_view remote) const;

private:
    std::chrono::milliseconds timeout_;
    const std::atomic<bool>* stop_;
    Clock::time_point end_;
    std::size_t moved_ = 0;
    int windows_ = 1;
};

}  // namespace linkspan::git
