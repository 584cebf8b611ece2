// AsyncMutex: what only one coroutine may use at a time, in the order in which they asked.
//
// On one executor's thread. Lives longer than its locks and those who wait for one.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <memory>
#include <utility>

namespace linkspan::runtime {

class AsyncMutex {
public:
    // Gives it back at its end.
    class Lock {
    public:
        explicit Lock(AsyncMutex& mutex) : mutex_{&mutex} {}
        Lock(Lock&& other) noexcept : mutex_{std::exchange(other.mutex_, nullptr)} {}
        Lock& operator=(Lock&&) = delete;
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;
        ~Lock() {
            if (mutex_ != nullptr) mutex_->give();
        }

    private:
        AsyncMutex* mutex_;
    };

    explicit AsyncMutex(boost::asio::any_io_executor executor) : executor_{std::move(executor)} {}

    boost::asio::awaitable<Lock> lock() {
        if (std::exchange(taken_, true)) {
            using Timer = boost::asio::steady_timer;
            const auto turn = std::make_shared<Timer>(executor_, Timer::time_point::max());
            waiting_.push_back(turn);
            co_await turn->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
        }
        co_return Lock{*this};
    }

private:
    // It is the next one's at once: whoever comes meanwhile stands behind.
    void give() {
        taken_ = !waiting_.empty();
        if (!taken_) return;
        waiting_.front()->cancel();
        waiting_.pop_front();
    }

    boost::asio::any_io_executor executor_;
    std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting_;
    bool taken_ = false;
};

}  // namespace linkspan::runtime
