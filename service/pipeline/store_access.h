// in_store(): a store operation as something to await.
//
// The operation runs on the store's thread, inside a transaction that it shares with others, and
// the awaiting coroutine goes on, on its own executor, only when that transaction is on the disk.
//
// GCC 12 destroys temporaries with captures twice when they are made inside a co_await expression
// (GCC bug 107288): callers name the operation first and move it in.
#pragma once

#include "service/store/store.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace linkspan::pipeline {

template <class T>
boost::asio::awaitable<Result<T>> in_store(
    store::Writer& writer, std::function<Result<T>(store::Store&)> operation
) {
    // Shared by the store's thread (writes it) and this coroutine (reads it afterwards).
    auto value = std::make_shared<std::optional<Result<T>>>();
    auto initiate = [&writer, value](auto handler, std::function<Result<T>(store::Store&)> work) {
        auto home = boost::asio::get_associated_executor(handler);
        // std::function wants copies; the handler can only move.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        writer.run(
            [value, work = std::move(work)](store::Store& store) -> Status {
                value->emplace(work(store));
                if ((*value)->has_error()) return (*value)->error();
                return {};
            },
            [home, shared, guard = boost::asio::make_work_guard(home)](Status done) {
                boost::asio::dispatch(home, [shared, done = std::move(done)]() mutable {
                    std::move (*shared)(std::optional<Status>{std::move(done)});
                });
            }
        );
    };
    auto status = co_await boost::asio::
        async_initiate<const boost::asio::use_awaitable_t<>, void(std::optional<Status>)>(
            initiate, boost::asio::use_awaitable, std::move(operation)
        );
    if (status->has_error()) co_return status->error();
    co_return std::move(**value);
}

// For operations that return nothing.
inline boost::asio::awaitable<Status> in_store_status(
    store::Writer& writer, std::function<Status(store::Store&)> operation
) {
    std::function<Result<bool>(store::Store&)> work =
        [operation = std::move(operation)](store::Store& store) -> Result<bool> {
        auto status = operation(store);
        if (status.has_error()) return status.error();
        return true;
    };
    auto done = co_await in_store<bool>(writer, std::move(work));
    if (done.has_error()) co_return done.error();
    co_return Status{};
}

}  // namespace linkspan::pipeline
