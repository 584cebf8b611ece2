#include "service/runtime/task_group.h"

#include "service/runtime/deadline.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <list>
#include <utility>
#include <vector>

namespace linkspan::runtime {
namespace asio = boost::asio;

namespace {

struct Task {
    asio::cancellation_signal signal;
    bool cancelled = false;
};

bool is_abort(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& e) {
        return e.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace

struct TaskGroup::State {
    State(asio::any_io_executor e, OnFailure f)
        : executor{std::move(e)}, on_failure{std::move(f)}, empty{executor} {
        empty.expires_at(asio::steady_timer::time_point::max());
    }

    void cancel(asio::cancellation_type type) {
        // A copy: emit() may complete an operation, and with it a task, before it returns.
        const std::vector<std::shared_ptr<Task>> now{tasks.begin(), tasks.end()};
        for (const auto& task : now) {
            task->cancelled = true;
            task->signal.emit(type);
        }
    }

    void ended(const std::list<std::shared_ptr<Task>>::iterator& at, std::exception_ptr failure) {
        const bool expected = !failure || ((*at)->cancelled && is_abort(failure));
        tasks.erase(at);
        if (tasks.empty()) empty.cancel();
        if (expected) return;
        if (!on_failure) std::rethrow_exception(failure);
        on_failure(std::move(failure));
    }

    asio::any_io_executor executor;
    OnFailure on_failure;
    asio::steady_timer empty;  // never expires, is cancelled when the last task ends
    std::list<std::shared_ptr<Task>> tasks;
    bool stopping = false;
};

TaskGroup::TaskGroup(asio::any_io_executor executor, OnFailure on_failure)
    : state_{std::make_shared<State>(std::move(executor), std::move(on_failure))} {}

TaskGroup::~TaskGroup() {
    state_->stopping = true;
    state_->cancel(asio::cancellation_type::terminal);
    state_->empty.cancel();
}

bool TaskGroup::spawn(asio::awaitable<void> task) {
    if (state_->stopping) return false;
    auto at = state_->tasks.insert(state_->tasks.end(), std::make_shared<Task>());
    auto slot = (*at)->signal.slot();
    // The state, and with it the signal, lives as long as the coroutine that listens to it.
    auto ended = [state = state_, at](std::exception_ptr failure) {
        state->ended(at, std::move(failure));
    };
    asio::co_spawn(
        state_->executor, std::move(task), asio::bind_cancellation_slot(slot, std::move(ended))
    );
    return true;
}

std::size_t TaskGroup::size() const { return state_->tasks.size(); }

void TaskGroup::cancel(asio::cancellation_type type) { state_->cancel(type); }

asio::awaitable<void> TaskGroup::wait() {
    auto state = state_;
    while (!state->tasks.empty()) {
        boost::system::error_code woken;
        co_await state->empty.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        // Cancelled ourselves, or the group is going away: the next co_await of the caller says so.
        auto cancelled = co_await asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != asio::cancellation_type::none) co_return;
    }
}

asio::awaitable<bool> TaskGroup::stop(std::chrono::steady_clock::duration patience) {
    auto state = state_;
    state->stopping = true;
    state->cancel(asio::cancellation_type::total);
    const bool gone = co_await with_deadline(patience, wait());
    if (gone && state->tasks.empty()) co_return true;
    state->cancel(asio::cancellation_type::terminal);
    co_await wait();
    co_return false;
}

}  // namespace linkspan::runtime
