#include "service/runtime/deadline.h"

#include "tests/unit/runtime/run_coroutine.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace linkspan::runtime {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct NoDefault {
    explicit NoDefault(int n) : value{n} {}
    int value;
};

asio::awaitable<int> at_once() { co_return 5; }
asio::awaitable<NoDefault> at_once_without_default() { co_return NoDefault{6}; }
asio::awaitable<std::unique_ptr<int>> at_once_move_only() { co_return std::make_unique<int>(8); }
asio::awaitable<void> nothing() { co_return; }
asio::awaitable<int> failing() {
    throw std::runtime_error{"refused"};
    co_return 0;
}

// Ends only by cancellation.
asio::awaitable<int> never(bool* cancelled = nullptr) {
    asio::steady_timer timer{
        co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        if (cancelled != nullptr) *cancelled = true;
        throw;
    }
    co_return 0;
}

asio::awaitable<void> never_void() { (void)co_await never(); }

class Deadline : public testing::Test {
protected:
    asio::io_context io{1};
};

TEST_F(Deadline, GivesTheValueInTime) {
    const auto value = run(io, with_deadline(20s, at_once()));
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 5);
}

TEST_F(Deadline, GivesAnyKindOfValue) {
    EXPECT_EQ(run(io, with_deadline(20s, at_once_without_default()))->value, 6);
    EXPECT_EQ(**run(io, with_deadline(20s, at_once_move_only())), 8);
    EXPECT_TRUE(run(io, with_deadline(20s, nothing())));
}

TEST_F(Deadline, GivesNothingWhenLateAndCancels) {
    bool cancelled = false;
    const auto value = run(io, with_deadline(1ms, never(&cancelled)));
    EXPECT_FALSE(value);
    EXPECT_TRUE(cancelled);
}

TEST_F(Deadline, GivesFalseWhenLateWithoutAValue) {
    EXPECT_FALSE(run(io, with_deadline(1ms, never_void())));
}

TEST_F(Deadline, AlreadyPastEndsAtOnce) { EXPECT_FALSE(run(io, with_deadline(0ms, never_void()))); }

TEST_F(Deadline, ThrowsAtOnceWhatTheOperationThrew) {
    // An hour: waiting for the timer, as awaitable_operators do, would fail in run().
    EXPECT_THROW(run(io, with_deadline(1h, failing())), std::runtime_error);
}

TEST_F(Deadline, NestedInnerIsShorter) {
    EXPECT_TRUE(run(io, with_deadline(1h, with_deadline(1ms, never_void()))).has_value());
}

TEST_F(Deadline, NestedOuterIsShorter) {
    EXPECT_FALSE(run(io, with_deadline(1ms, with_deadline(1h, never()))));
}

TEST_F(Deadline, ACancelledCallerCancelsTheOperation) {
    bool cancelled = false;
    std::exception_ptr failure;
    asio::cancellation_signal signal;
    auto on_end = [&failure](std::exception_ptr e, std::optional<int>) { failure = e; };
    asio::co_spawn(
        io,
        with_deadline(1h, never(&cancelled)),
        asio::bind_cancellation_slot(signal.slot(), on_end)
    );
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.run_for(kPatience);
    EXPECT_TRUE(cancelled);
    ASSERT_TRUE(failure);
    EXPECT_THROW(std::rethrow_exception(failure), boost::system::system_error);
}

}  // namespace
}  // namespace linkspan::runtime
