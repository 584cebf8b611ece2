#include "service/pipeline/gathering.h"

#include "service/pipeline/pipeline.h"

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::chrono::milliseconds kRush{1000};
constexpr std::chrono::milliseconds kRushPause{400};

using Clock = std::chrono::steady_clock;

}  // namespace

void Gathering::add(WaitingWork work) {
    work.ready = Clock::now() + work.batch;
    works_.push_back(std::move(work));
    // Whoever is awaited may have less time now.
    if (timer_) timer_->cancel();
}

void Gathering::hurry() {
    hurry_ = true;
    if (timer_) timer_->cancel();
}

Clock::time_point Gathering::first() const {
    auto ready = Clock::time_point::max();
    for (const auto& one : works_) ready = std::min(ready, one.ready);
    return ready;
}

boost::asio::awaitable<bool> Gathering::wait() {
    const auto begun = Clock::now();
    const auto earliest = begun - last_end_ < kRush ? begun + kRushPause : begun;
    while (!pipeline_.stopping_) {
        const auto ready = std::max(works_.empty() || hurry_ ? begun : first(), earliest);
        if (ready <= Clock::now()) break;
        timer_ = std::make_shared<boost::asio::steady_timer>(pipeline_.executor_, ready);
        co_await pipeline_.sleep(timer_);
    }
    timer_.reset();
    hurry_ = false;
    co_return !pipeline_.stopping_;
}

std::vector<WaitingWork> Gathering::take() {
    if (first() > Clock::now()) return {};
    return std::exchange(works_, {});
}

void Gathering::rest() { last_end_ = Clock::now(); }

}  // namespace linkspan::pipeline
