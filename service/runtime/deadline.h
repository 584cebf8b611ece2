// with_deadline(): an operation and a limit; whichever ends first ends the other.
//
// Boost 1.81 has no cancel_after(). When it arrives, this header is the one place to change.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

namespace linkspan::runtime {
namespace detail {

// What co_spawn hands over must have a default; a T need not.
template <class T>
boost::asio::awaitable<std::optional<T>> boxed(boost::asio::awaitable<T> operation) {
    co_return std::optional<T>{co_await std::move(operation)};
}

inline boost::asio::awaitable<std::optional<std::monostate>> boxed(
    boost::asio::awaitable<void> operation
) {
    co_await std::move(operation);
    co_return std::optional<std::monostate>{std::in_place};
}

// A parallel group instead of awaitable_operators' ||, which waits for the timer when the operation
// fails first.
template <class T>
boost::asio::awaitable<std::optional<T>> race(
    std::chrono::steady_clock::duration limit, boost::asio::awaitable<std::optional<T>> operation
) {
    auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::steady_timer timer{executor, limit};
    auto spawned = boost::asio::co_spawn(executor, std::move(operation), boost::asio::deferred);
    auto [order, failure, value, timer_error] =
        co_await boost::asio::experimental::make_parallel_group(
            std::move(spawned), timer.async_wait(boost::asio::deferred)
        )
            .async_wait(boost::asio::experimental::wait_for_one(), boost::asio::use_awaitable);
    // A value that came in spite of the deadline is still a value.
    if (!failure) co_return std::move(value);
    const bool late = order[0] == 1 && !timer_error;
    if (late) co_return std::nullopt;
    std::rethrow_exception(failure);
}

}  // namespace detail

// Nothing, when `operation` took longer than `limit`: it was then cancelled (terminal) and has
// ended. An operation that does not heed cancellation is waited for. What it throws before the
// deadline is thrown here; so is operation_aborted when the caller itself is cancelled.
template <class T>
boost::asio::awaitable<std::optional<T>> with_deadline(
    std::chrono::steady_clock::duration limit, boost::asio::awaitable<T> operation
) {
    return detail::race<T>(limit, detail::boxed(std::move(operation)));
}

// The same for an operation without a value: true when it ended in time.
inline boost::asio::awaitable<bool> with_deadline(
    std::chrono::steady_clock::duration limit, boost::asio::awaitable<void> operation
) {
    auto done = co_await detail::race<std::monostate>(limit, detail::boxed(std::move(operation)));
    co_return done.has_value();
}

}  // namespace linkspan::runtime
