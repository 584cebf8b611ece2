#include "service/runtime/task_group.h"

#include "service/runtime/blocking.h"
#include "tests/unit/runtime/run_coroutine.h"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace linkspan::runtime {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Log {
    int started = 0;
    int ended = 0;
};

struct Ending {
    Log* log;
    ~Ending() { ++log->ended; }
};

asio::awaitable<void> short_task(Log* log) {
    Ending ending{log};
    ++log->started;
    co_return;
}

// Hears only an insisting cancellation.
asio::awaitable<void> stubborn(Log* log) {
    Ending ending{log};
    ++log->started;
    asio::steady_timer timer{
        co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> polite(Log* log) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await stubborn(log);
}

asio::awaitable<void> failing() {
    throw std::runtime_error{"a bug"};
    co_return;
}

class TaskGroupTest : public testing::Test {
protected:
    asio::io_context io{1};
    Log log;
};

TEST_F(TaskGroupTest, CountsTasks) {
    TaskGroup group{io.get_executor()};
    EXPECT_EQ(group.size(), 0u);
    group.spawn(stubborn(&log));
    group.spawn(short_task(&log));
    EXPECT_EQ(group.size(), 2u);
    io.poll();
    EXPECT_EQ(group.size(), 1u);
    group.cancel(asio::cancellation_type::terminal);
    io.restart();
    run(io, group.wait());
    EXPECT_EQ(group.size(), 0u);
    EXPECT_EQ(log.ended, 2);
}

TEST_F(TaskGroupTest, WaitOnAnEmptyGroupEndsAtOnce) {
    TaskGroup group{io.get_executor()};
    run(io, group.wait());
}

TEST_F(TaskGroupTest, StopIsPoliteFirst) {
    TaskGroup group{io.get_executor()};
    group.spawn(polite(&log));
    io.poll();
    EXPECT_TRUE(run(io, group.stop(1h)));
    EXPECT_EQ(log.ended, 1);
}

TEST_F(TaskGroupTest, StopInsistsAfterPatience) {
    TaskGroup group{io.get_executor()};
    group.spawn(polite(&log));
    group.spawn(stubborn(&log));
    io.poll();
    EXPECT_FALSE(run(io, group.stop(1ms)));
    EXPECT_EQ(log.ended, 2);
    EXPECT_EQ(group.size(), 0u);
}

TEST_F(TaskGroupTest, StopEndsTasksThatHaveNotBegun) {
    TaskGroup group{io.get_executor()};
    group.spawn(stubborn(&log));
    EXPECT_FALSE(run(io, group.stop(0ms)));
    EXPECT_EQ(log.started, log.ended);
}

TEST_F(TaskGroupTest, TakesNoTaskOnceStopped) {
    TaskGroup group{io.get_executor()};
    EXPECT_TRUE(run(io, group.stop(1ms)));
    EXPECT_FALSE(group.spawn(short_task(&log)));
    EXPECT_EQ(group.size(), 0u);
    EXPECT_EQ(log.started, 0);
}

TEST_F(TaskGroupTest, StopWaitsForWorkOnAPool) {
    asio::thread_pool pool{1};
    std::atomic<bool> worked{false};
    TaskGroup group{io.get_executor()};
    auto work = [&worked] { worked = true; };
    group.spawn(blocking(pool, work));
    run(io, group.stop(0ms));
    EXPECT_EQ(group.size(), 0u);
    EXPECT_TRUE(worked);
    pool.join();
}

TEST_F(TaskGroupTest, TellsWhatATaskThrew) {
    std::string told;
    auto on_failure = [&told](std::exception_ptr e) {
        try {
            std::rethrow_exception(e);
        } catch (const std::exception& what) {
            told = what.what();
        }
    };
    TaskGroup group{io.get_executor(), on_failure};
    group.spawn(failing());
    run(io, group.wait());
    EXPECT_EQ(told, "a bug");
}

TEST_F(TaskGroupTest, AnUnheardFailureLeavesRun) {
    TaskGroup group{io.get_executor()};
    group.spawn(failing());
    EXPECT_THROW(io.run_for(kPatience), std::runtime_error);
    EXPECT_EQ(group.size(), 0u);
}

TEST_F(TaskGroupTest, CancellationIsNoFailure) {
    int failures = 0;
    auto on_failure = [&failures](std::exception_ptr) { ++failures; };
    TaskGroup group{io.get_executor(), on_failure};
    group.spawn(stubborn(&log));
    run(io, group.stop(0ms));
    EXPECT_EQ(failures, 0);
}

TEST_F(TaskGroupTest, DestroyingTheGroupEndsItsTasks) {
    {
        TaskGroup group{io.get_executor()};
        group.spawn(stubborn(&log));
        io.poll();
        EXPECT_EQ(log.started, 1);
    }
    io.restart();
    io.run_for(kPatience);
    EXPECT_EQ(log.ended, 1);
}

TEST_F(TaskGroupTest, DestroyingTheContextFreesItsTasks) {
    asio::io_context other{1};
    auto group = std::make_unique<TaskGroup>(other.get_executor());
    group->spawn(stubborn(&log));
    other.poll();
    group.reset();
    // `other` is destroyed with the coroutine suspended in it; the leak check has the say.
}

}  // namespace
}  // namespace linkspan::runtime
