#include "service/registry/limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace linkspan::registry {
namespace {

using namespace std::chrono_literals;
using Time = Turnstile::Time;

const Time kStart = Time{} + 1000h;

TEST(TurnstileTest, FirstComeFirstServed) {
    Turnstile gate{{.concurrent = 1}};
    const auto a = gate.join();
    const auto b = gate.join();
    EXPECT_FALSE(gate.ask(b, kStart).go);
    EXPECT_TRUE(gate.ask(a, kStart).go);
    EXPECT_FALSE(gate.ask(b, kStart).go);
    EXPECT_EQ(gate.ask(b, kStart).not_before, std::nullopt);
    gate.done();
    EXPECT_TRUE(gate.ask(b, kStart).go);
    EXPECT_EQ(gate.waiting(), 0U);
}

TEST(TurnstileTest, WhoLeavesDoesNotBlockTheOthers) {
    Turnstile gate{{.concurrent = 1}};
    const auto a = gate.join();
    const auto b = gate.join();
    gate.leave(a);
    EXPECT_TRUE(gate.ask(b, kStart).go);
}

TEST(TurnstileTest, ConcurrencyIsBounded) {
    Turnstile gate{{.concurrent = 3}};
    int inside = 0;
    for (int i = 0; i < 10; ++i) inside += gate.ask(gate.join(), kStart).go ? 1 : 0;
    EXPECT_EQ(inside, 3);
    Turnstile open{{.concurrent = 0}};
    inside = 0;
    for (int i = 0; i < 1000; ++i) inside += open.ask(open.join(), kStart).go ? 1 : 0;
    EXPECT_EQ(inside, 1000);
}

TEST(TurnstileTest, ABurstThenTheRate) {
    Turnstile gate{{.concurrent = 0, .per_second = 10, .burst = 3}};
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.ask(gate.join(), kStart).go);
    const auto ticket = gate.join();
    const auto turn = gate.ask(ticket, kStart);
    EXPECT_FALSE(turn.go);
    EXPECT_EQ(turn.not_before, kStart + 100ms);
    EXPECT_FALSE(gate.ask(ticket, kStart + 99ms).go);
    EXPECT_TRUE(gate.ask(ticket, kStart + 100ms).go);
    // After a quiet time the burst is there again, and not more.
    int passed = 0;
    for (int i = 0; i < 10; ++i) passed += gate.ask(gate.join(), kStart + 1h).go ? 1 : 0;
    EXPECT_EQ(passed, 3);
}

TEST(TurnstileTest, RateOverALongTimeIsTheRate) {
    Turnstile gate{{.concurrent = 0, .per_second = 7, .burst = 1}};
    int passed = 0;
    auto ticket = gate.join();
    for (Time now = kStart; now < kStart + 100s; now += 10ms) {
        if (!gate.ask(ticket, now).go) continue;
        ++passed;
        ticket = gate.join();
    }
    EXPECT_NEAR(passed, 700, 35);  // asked every 10 ms, so up to 10 ms late each time
}

TEST(TurnstileTest, HeldUntilTheTimeHasPassed) {
    Turnstile gate{{}};
    gate.hold(kStart + 5s);
    gate.hold(kStart + 2s);  // a shorter word does not open it
    const auto ticket = gate.join();
    EXPECT_EQ(gate.held(kStart), kStart + 5s);
    EXPECT_FALSE(gate.ask(ticket, kStart + 4s).go);
    EXPECT_EQ(gate.held(kStart + 5s), std::nullopt);
    EXPECT_TRUE(gate.ask(ticket, kStart + 5s).go);
}

Time now() { return std::chrono::steady_clock::now(); }

TEST(LimiterTest, NeverMoreInsideThanAllowed) {
    Limiter limiter{"r.example", {.concurrent = 3}};
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 12; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) {
                auto turn = limiter.enter(now() + 1min);
                if (turn.has_error()) continue;
                const int here = ++inside;
                int seen = most;
                while (here > seen && !most.compare_exchange_weak(seen, here)) {
                }
                std::this_thread::yield();
                --inside;
                ++served;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(served, 600);
    EXPECT_LE(most, 3);
}

TEST(LimiterTest, NoTurnWithinTheDeadlineIsATimeout) {
    Limiter limiter{"r.example", {.concurrent = 1}};
    const auto inside = limiter.enter(now() + 1min);
    ASSERT_TRUE(inside.has_value());
    const auto second = limiter.enter(now() + 20ms);
    ASSERT_TRUE(second.has_error());
    EXPECT_EQ(second.error().kind, Errc::Timeout);
    EXPECT_EQ(second.error().message, "r.example: no turn within the deadline; 1 requests wait");
}

TEST(LimiterTest, AHeldRegistryRefusesAtOnceAndSaysForHowLong) {
    Time clock = kStart;
    Limiter limiter{"r.example", {}, [&] { return clock; }};
    limiter.hold(30s);
    clock += 10s + 1ms;
    const auto turn = limiter.enter(kStart + 1h);
    ASSERT_TRUE(turn.has_error());
    EXPECT_EQ(turn.error().kind, Errc::RateLimited);
    EXPECT_EQ(turn.error().retry_after, 20s);
    clock = kStart + 30s;
    EXPECT_TRUE(limiter.enter(kStart + 1h).has_value());
}

TEST(LimiterTest, StopWakesWhoWaits) {
    Limiter limiter{"r.example", {.concurrent = 1}};
    const auto inside = limiter.enter(now() + 1min);
    std::thread waiter{[&] {
        const auto turn = limiter.enter(now() + 1min);
        EXPECT_TRUE(turn.has_error());
        EXPECT_EQ(turn.error().kind, Errc::Unavailable);
    }};
    std::thread sleeper{[&] { EXPECT_FALSE(limiter.pause(1min)); }};
    limiter.stop();
    waiter.join();
    sleeper.join();
    EXPECT_TRUE(limiter.enter(now() + 1min).has_error());
}

}  // namespace
}  // namespace linkspan::registry
