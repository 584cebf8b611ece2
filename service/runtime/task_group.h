// TaskGroup: the coroutines that somebody answers for. Nothing is spawned detached without one.
//
// Two tones of cancellation. Polite is cancellation_type::total: a coroutine hears it only if it
// asked to (`this_coro::reset_cancellation_state(enable_total_cancellation())`) and stops where it
// suits it. Insisting is cancellation_type::terminal: every coroutine hears it, at its next
// co_await. Work on a thread pool hears neither and is waited for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace linkspan::runtime {

// All members are called on the executor's thread. The group may be destroyed before its tasks have
// ended: they are then told to end (terminal) and keep what they need of it.
class TaskGroup {
public:
    // Told what a task threw, except operation_aborted after it was cancelled. Without it the
    // exception leaves io_context::run(): an unforeseen failure is a bug, and is seen.
    using OnFailure = std::function<void(std::exception_ptr)>;

    explicit TaskGroup(boost::asio::any_io_executor executor, OnFailure on_failure = {});
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Starts `task`. False, and the task never runs, once stop() was called.
    bool spawn(boost::asio::awaitable<void> task);
    [[nodiscard]] std::size_t size() const;  // tasks that have not ended

    void cancel(boost::asio::cancellation_type type);

    // Ends when no task is left.
    boost::asio::awaitable<void> wait();

    // Takes no more tasks, cancels politely, waits for `patience`, insists, and ends when no task
    // is left. True when no insisting was needed.
    boost::asio::awaitable<bool> stop(std::chrono::steady_clock::duration patience);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace linkspan::runtime
