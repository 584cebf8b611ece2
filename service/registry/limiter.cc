#include "service/registry/limiter.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::registry {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

Turnstile::Ticket Turnstile::join() {
    queue_.push_back(next_ticket_);
    return next_ticket_++;
}

void Turnstile::leave(Ticket ticket) { std::erase(queue_, ticket); }

Turnstile::Turn Turnstile::ask(Ticket ticket, Time now) {
    if (queue_.empty() || queue_.front() != ticket) return {};
    if (options_.concurrent != 0 && inside_ >= options_.concurrent) return {};
    if (const auto until = held(now)) return {false, until};
    if (options_.per_second > 0) {
        const nanoseconds step{static_cast<nanoseconds::rep>(1e9 / options_.per_second)};
        const auto allowance = step * (std::max(options_.burst, 1U) - 1);
        const Time due = std::max(balanced_, now);
        if (due - now > allowance) return {false, due - allowance};
        balanced_ = due + step;
    }
    queue_.pop_front();
    ++inside_;
    return {true, std::nullopt};
}

void Turnstile::done() { --inside_; }

void Turnstile::hold(Time until) { held_until_ = std::max(held_until_, until); }

std::optional<Turnstile::Time> Turnstile::held(Time now) const {
    if (held_until_ <= now) return std::nullopt;
    return held_until_;
}

Limiter::Limiter(std::string host, LimiterOptions options, Clock now)
    : host_{std::move(host)}, now_{std::move(now)}, turnstile_{options} {}

std::optional<Error> Limiter::refusal() const {
    if (stopped_) {
        return Error{Errc::Unavailable, host_ + ": not asked, since the service is shutting down"};
    }
    const auto now = now_();
    if (const auto until = turnstile_.held(now)) {
        const auto left = std::max(seconds{1}, std::chrono::ceil<seconds>(*until - now));
        Error error{
            Errc::RateLimited,
            fmt::format("{} asked to be left alone; {} s of that are left", host_, left.count())};
        error.retry_after = left;
        return error;
    }
    return std::nullopt;
}

Result<Limiter::Turn> Limiter::enter(Turnstile::Time deadline) {
    std::unique_lock lock{mutex_};
    const auto ticket = turnstile_.join();
    auto& woken = waiting_[ticket];
    for (;;) {
        // A held registry refuses at once rather than keep threads waiting: the caller's own
        // retry knows how long.
        auto error = refusal();
        const auto now = now_();
        if (!error && now >= deadline) {
            error = Error{
                Errc::Timeout,
                fmt::format(
                    "{}: no turn within the deadline; {} requests wait", host_, turnstile_.waiting()
                )};
        }
        const auto turn = error ? Turnstile::Turn{} : turnstile_.ask(ticket, now);
        if (error || turn.go) {
            if (error) turnstile_.leave(ticket);
            waiting_.erase(ticket);
            wake_front();
            if (error) return *error;
            return Turn{this};
        }
        woken.wait_until(lock, std::min(deadline, turn.not_before.value_or(deadline)));
    }
}

void Limiter::hold(seconds how_long) {
    const std::lock_guard lock{mutex_};
    turnstile_.hold(now_() + how_long);
    wake_all();
}

bool Limiter::pause(milliseconds how_long) {
    std::unique_lock lock{mutex_};
    return !stopping_.wait_for(lock, how_long, [this] { return stopped_; });
}

void Limiter::stop() {
    const std::lock_guard lock{mutex_};
    stopped_ = true;
    stopping_.notify_all();
    wake_all();
}

void Limiter::done() {
    const std::lock_guard lock{mutex_};
    turnstile_.done();
    wake_front();
}

void Limiter::wake_front() {
    if (const auto front = turnstile_.front()) waiting_[*front].notify_one();
}

void Limiter::wake_all() {
    for (auto& [ticket, woken] : waiting_) woken.notify_one();
}

}  // namespace linkspan::registry
