#include "service/git/deadline.h"

#include <fmt/format.h>

namespace linkspan::git {

using std::chrono::milliseconds;

Deadline::Deadline(milliseconds timeout, Clock::time_point now)
    : timeout_{timeout}, end_{now + timeout} {}

milliseconds Deadline::remaining(Clock::time_point now) {
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

Error Deadline::failure(std::string_view remote) const {
    const double seconds = static_cast<double>(timeout_.count()) / 1000.0 * windows_;
    return {
        Errc::Timeout, fmt::format("{} did not finish its answer within {:g} s", remote, seconds)};
}

}  // namespace linkspan::git
