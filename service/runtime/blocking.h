// blocking(): run a blocking call on a thread pool, and come back to the coroutine's own thread
// with its value.
//
// The io_context thread owns all mutable state; libgit2, libcurl and fsync must not run there.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace linkspan::runtime {

// `work` is called on `pool`, what it returns is returned here and what it throws is thrown here.
// It must own or outlive everything it touches: cancelling the caller does not stop it, the caller
// is resumed only after it ends. Join the pool before the io_context is destroyed.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> blocking(
    boost::asio::thread_pool& pool, Work work
) {
    using Result = std::invoke_result_t<Work&>;
    static_assert(!std::is_reference_v<Result>, "return a value: the pool's frame is gone");
    using Value = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;

    // Neither of these lambdas is a coroutine. optional: a Value need not have a default.
    auto initiate = [&pool](auto handler, Work task) {
        auto home = boost::asio::get_associated_executor(handler);
        // Keeps the io_context running while the pool works.
        auto guard = boost::asio::make_work_guard(home);
        auto job = [home,
                    guard = std::move(guard),
                    handler = std::move(handler),
                    task = std::optional<Work>{std::move(task)}]() mutable {
            std::exception_ptr failure;
            std::optional<Value> value;
            try {
                if constexpr (std::is_void_v<Result>) {
                    (*task)();
                    value.emplace();
                } else {
                    value.emplace((*task)());
                }
            } catch (...) {
                failure = std::current_exception();
            }
            auto resume = [handler = std::move(handler), failure, value = std::move(value)](
                          ) mutable { std::move(handler)(failure, std::move(value)); };
            // What the task captured is released here, before the coroutine may look at it.
            task.reset();
            boost::asio::dispatch(home, std::move(resume));
        };
        boost::asio::post(pool, std::move(job));
    };
    using Signature = void(std::exception_ptr, std::optional<Value>);
    auto value =
        co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, Signature>(
            std::move(initiate), boost::asio::use_awaitable, std::move(work)
        );
    if constexpr (!std::is_void_v<Result>) co_return std::move(*value);
}

}  // namespace linkspan::runtime
