// blocking(): run a blocking call on a thread pool, and come back to the coroutine's own thread
// with its value.
//
// The io_context thread owns all mutable state; libgit2, libcurl and fsync must not run there.
#pragma once

#include <boost/asio/any_io_executor.hpp>
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

namespace linkspan::runtime {

// `work` is called on `pool`; what it returns is returned here, what it throws is thrown here. It
// must own or outlive everything it touches: cancellation of the caller does not stop it.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> blocking(
    boost::asio::thread_pool& pool, Work work
) {
    using Value = std::invoke_result_t<Work&>;
    // Initiates on the pool; the completion is dispatched to this coroutine's executor by
    // use_awaitable. optional: a Value need not have a default.
    auto value = co_await boost::asio::async_initiate<
        const boost::asio::use_awaitable_t<>,
        void(std::exception_ptr, std::optional<Value>)>(
        [&pool](auto handler, Work task) {
            auto home = boost::asio::get_associated_executor(handler);
            boost::asio::post(
                pool,
                [home,
                 handler = std::move(handler),
                 task = std::move(task),
                 // Keeps the io_context running while the pool works.
                 guard = boost::asio::make_work_guard(home)]() mutable {
                    std::exception_ptr failure;
                    std::optional<Value> result;
                    try {
                        result.emplace(task());
                    } catch (...) {
                        failure = std::current_exception();
                    }
                    boost::asio::dispatch(
                        home,
                        [handler = std::move(handler), failure, result = std::move(result)](
                        ) mutable { std::move(handler)(failure, std::move(result)); }
                    );
                }
            );
        },
        boost::asio::use_awaitable,
        std::move(work)
    );
    co_return std::move(*value);
}

}  // namespace linkspan::runtime
