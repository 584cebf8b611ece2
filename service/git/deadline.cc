#include "service/git/deadline.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::git {

using std::chrono::milliseconds;

Deadline::Deadline(milliseconds timeout, const std::atomic<bool>* stop, Clock::time_point now)
    : timeout_{timeout}, stop_{stop}, end_{now + timeout} {}

milliseconds Deadline::remaining(Clock::time_point now) {
    if (stop_ != nullptr && *stop_) return milliseconds{0};
    while (now >= end_) {
        const auto fair = static_cast<std::size_t>(timeout_.count()) * kFairRate / 1000;
        if (windows_ >= kMaxWindows || timeout_.count() <= 0 || moved_ < fair) {
            return milliseconds{0};
        }
        moved_ = 0;
        ++windows_;
        end_ += timeout_;
    }
    // Rounded up: a wait of 0 ms would spin for the last fraction of a millisecond.
    return std::chrono::ceil<milliseconds>(end_ - now);
}

int Deadline::poll_time(milliseconds left) const {
    const milliseconds longest{stop_ == nullptr ? 60'000 : 100};
    return static_cast<int>(std::min(left, longest).count());
}

Error Deadline::failure(std::string_view remote) const {
    if (stop_ != nullptr && *stop_) {
        return {Errc::Unavailable, fmt::format("{}: ended, because the service stops", remote)};
    }
    const double seconds = static_cast<double>(timeout_.count()) / 1000.0 * windows_;
    return {
        Errc::Timeout, fmt::format("{} did not finish its answer within {:g} s", remote, seconds)};
}

}  // namespace linkspan::git
