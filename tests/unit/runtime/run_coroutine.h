// run(): drive a coroutine to its end on an io_context and hand back what it gave or threw.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace linkspan::runtime {

// run_for instead of run(): a hang fails the test rather than the build.
inline constexpr std::chrono::seconds kPatience{120};

template <class T>
boost::asio::awaitable<void> keep(boost::asio::awaitable<T> task, std::optional<T>* into) {
    into->emplace(co_await std::move(task));
}

inline void run(boost::asio::io_context& io, boost::asio::awaitable<void> task) {
    bool ended = false;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
        ended = true;
        failure = std::move(e);
    });
    io.restart();
    io.run_for(kPatience);
    if (failure) std::rethrow_exception(failure);
    if (!ended) throw std::runtime_error{"the coroutine did not end"};
}

template <class T>
T run(boost::asio::io_context& io, boost::asio::awaitable<T> task) {
    std::optional<T> value;
    run(io, keep<T>(std::move(task), &value));
    return std::move(*value);
}

}  // namespace linkspan::runtime
