// Limiter: how many requests one registry gets at once and per second, first come first served.
//
// Fair among images: a caller asks for a turn for every request, so a list of a hundred pages
// stands at the end of the queue a hundred times, and one HEAD in between waits for one request.
//
// Turnstile is the rule, without threads or clocks; Limiter lets threads wait at it.
#pragma once

#include "core/result.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace linkspan::registry {

struct LimiterOptions {
    unsigned concurrent = 16;  // 0: no limit
    double per_second = 0;     // 0: no limit
    unsigned burst = 20;       // requests that may come together, when there is a rate
};

class Turnstile {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Ticket = std::uint64_t;

    explicit Turnstile(LimiterOptions options) : options_{options} {}

    Ticket join();              // at the end of the queue
    void leave(Ticket ticket);  // gave up waiting

    struct Turn {
        bool go = false;                 // the ticket is used up; done() must follow
        std::optional<Time> not_before;  // ask again then; otherwise when something changes
    };
    Turn ask(Ticket ticket, Time now);
    void done();

    // Nobody goes before then: the registry said so (Retry-After).
    void hold(Time until);
    [[nodiscard]] std::optional<Time> held(Time now) const;
    [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
    // Whose turn may be next.
    [[nodiscard]] std::optional<Ticket> front() const {
        return queue_.empty() ? std::nullopt : std::optional{queue_.front()};
    }

private:
    LimiterOptions options_;
    std::deque<Ticket> queue_;
    Ticket next_ticket_ = 1;
    unsigned inside_ = 0;
    Time held_until_{};
    // When the rate's account is balanced again (GCRA): a request moves it by 1/per_second.
    Time balanced_{};
};

class Limiter {
public:
    using Clock = std::function<Turnstile::Time()>;

    Limiter(std::string host, LimiterOptions options, Clock now = std::chrono::steady_clock::now);

    // A turn, given back by destruction. The Limiter outlives it.
    class Turn {
    public:
        explicit Turn(Limiter* limiter) : limiter_{limiter} {}
        ~Turn() {
            if (limiter_ != nullptr) limiter_->done();
        }
        Turn(Turn&& other) noexcept : limiter_{std::exchange(other.limiter_, nullptr)} {}
        Turn& operator=(Turn&&) = delete;

    private:
        Limiter* limiter_;
    };

    // Waits. Errors: RateLimited with retry_after (the registry asked to wait), Timeout,
    // Unavailable (stopped).
    Result<Turn> enter(Turnstile::Time deadline);

    void hold(std::chrono::seconds how_long);

    // Waits without a turn, between tries; false when stopped meanwhile.
    bool pause(std::chrono::milliseconds how_long);
    void stop();

private:
    void done();
    // With mutex_ held:
    [[nodiscard]] std::optional<Error> refusal() const;
    void wake_front();
    void wake_all();

    const std::string host_;
    const Clock now_;
    mutable std::mutex mutex_;
    Turnstile turnstile_;
    // One for each who waits: only the first in the queue has a reason to wake up.
    std::map<Turnstile::Ticket, std::condition_variable> waiting_;
    std::condition_variable stopping_;
    bool stopped_ = false;
};

}  // namespace linkspan::registry
