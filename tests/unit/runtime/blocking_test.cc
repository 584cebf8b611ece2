#include "service/runtime/blocking.h"

#include "tests/unit/runtime/run_coroutine.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace linkspan::runtime {
namespace {

namespace asio = boost::asio;

struct NoDefault {
    explicit NoDefault(int n) : value{n} {}
    int value;
};

class Blocking : public testing::Test {
protected:
    ~Blocking() override { pool.join(); }
    asio::io_context io{1};
    asio::thread_pool pool{2};
};

TEST_F(Blocking, GivesTheValue) {
    EXPECT_EQ(run(io, blocking(pool, [] { return 42; })), 42);
}

TEST_F(Blocking, GivesAMoveOnlyValue) {
    auto value = run(io, blocking(pool, [] { return std::make_unique<int>(7); }));
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 7);
}

TEST_F(Blocking, GivesAValueWithoutADefault) {
    EXPECT_EQ(run(io, blocking(pool, [] { return NoDefault{3}; })).value, 3);
}

TEST_F(Blocking, RunsWorkWithoutAValue) {
    std::atomic<bool> ran{false};
    run(io, blocking(pool, [&ran] { ran = true; }));
    EXPECT_TRUE(ran);
}

TEST_F(Blocking, TakesMoveOnlyWork) {
    auto text = std::make_unique<std::string>("moved");
    auto work = [text = std::move(text)] { return *text; };
    EXPECT_EQ(run(io, blocking(pool, std::move(work))), "moved");
}

TEST_F(Blocking, ThrowsWhatTheWorkThrew) {
    auto work = []() -> int { throw std::runtime_error{"disk full"}; };
    try {
        run(io, blocking(pool, work));
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "disk full");
    }
}

asio::awaitable<std::vector<std::thread::id>> threads(asio::thread_pool& pool) {
    std::vector<std::thread::id> ids;
    ids.push_back(std::this_thread::get_id());
    auto work = [] { return std::this_thread::get_id(); };
    ids.push_back(co_await blocking(pool, work));
    ids.push_back(std::this_thread::get_id());
    co_return ids;
}

TEST_F(Blocking, WorksOnThePoolAndComesHome) {
    const auto ids = run(io, threads(pool));
    EXPECT_EQ(ids[0], std::this_thread::get_id());
    EXPECT_NE(ids[1], ids[0]);
    EXPECT_EQ(ids[2], ids[0]);
}

TEST_F(Blocking, KeepsTheContextRunning) {
    // The io_context has nothing else to do until the pool is let go from another thread.
    std::promise<void> release;
    auto released = release.get_future().share();
    bool resumed = false;
    auto work = [released] {
        released.wait();
        return 1;
    };
    auto on_end = [&resumed](std::exception_ptr, int) { resumed = true; };
    asio::co_spawn(io, blocking(pool, work), on_end);
    io.poll();
    EXPECT_FALSE(io.stopped()) << "run() would have returned although work is under way";
    std::thread later{[&release] { release.set_value(); }};
    io.run_for(kPatience);
    later.join();
    EXPECT_TRUE(resumed);
}

TEST_F(Blocking, ReleasesTheWorkBeforeResuming) {
    auto token = std::make_shared<int>(1);
    std::weak_ptr<int> watch = token;
    auto work = [token = std::move(token)] { return *token; };
    struct Check {
        static asio::awaitable<bool> expired_after(
            asio::awaitable<int> operation, std::weak_ptr<int> watch
        ) {
            (void)co_await std::move(operation);
            co_return watch.expired();
        }
    };
    EXPECT_TRUE(run(io, Check::expired_after(blocking(pool, std::move(work)), watch)));
}

asio::awaitable<int> add_up(asio::thread_pool& pool) {
    int sum = 0;
    for (int i = 0; i < 1000; ++i) {
        auto work = [i] { return i; };
        sum += co_await blocking(pool, work);
    }
    co_return sum;
}

TEST_F(Blocking, ManyTimes) { EXPECT_EQ(run(io, add_up(pool)), 499500); }

TEST_F(Blocking, ManyAtOnce) {
    int ended = 0;
    for (int i = 0; i < 50; ++i) {
        auto on_end = [&ended](std::exception_ptr e, int sum) {
            EXPECT_FALSE(e);
            EXPECT_EQ(sum, 499500);
            ++ended;
        };
        asio::co_spawn(io, add_up(pool), on_end);
    }
    io.run_for(kPatience);
    EXPECT_EQ(ended, 50);
}

}  // namespace
}  // namespace linkspan::runtime
