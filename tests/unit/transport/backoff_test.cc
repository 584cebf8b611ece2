#include "service/transport/backoff.h"

#include <gtest/gtest.h>

namespace linkspan::transport {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, PausesDoubleUpToTheLongestAndHalfOfThemIsRandom) {
    const Backoff backoff{100ms, 1000ms, 0};
    struct Case {
        unsigned tries;
        std::chrono::milliseconds least, most;
    };
    for (const auto& c : std::vector<Case>{
             {1, 50ms, 100ms},
             {2, 100ms, 200ms},
             {4, 400ms, 800ms},
             {5, 500ms, 1000ms},
             {100, 500ms, 1000ms},
             {4000000000U, 500ms, 1000ms}}) {
        SCOPED_TRACE(c.tries);
        EXPECT_EQ(backoff.pause(c.tries, 0), c.least);
        EXPECT_EQ(backoff.pause(c.tries, 1), c.most);
        EXPECT_GT(backoff.pause(c.tries, 0.5), c.least);
        EXPECT_LT(backoff.pause(c.tries, 0.5), c.most);
    }
}

TEST(BackoffTest, WhatTheOtherSideAskedForIsTheLeast) {
    const Backoff backoff{100ms, 1000ms, 0};
    EXPECT_EQ(backoff.pause(1, 0, 30s), 30s);
    EXPECT_EQ(backoff.pause(1, 1, 30s), 33s);
    EXPECT_EQ(backoff.pause(5, 1, 0s), 1000ms);
}

TEST(BackoffTest, NoPauseIsNegative) {
    const Backoff odd{-5ms, -1ms, 0};
    EXPECT_EQ(odd.pause(3, 0.5), 0ms);
    EXPECT_EQ((Backoff{100ms, 1000ms, 0}.pause(1, -7)), 50ms);
    EXPECT_EQ((Backoff{100ms, 1000ms, 0}.pause(1, 7)), 100ms);
}

TEST(BackoffTest, NextTryOnlyForTransientErrorsWithTriesAndTimeLeft) {
    const Backoff backoff{100ms, 1000ms, 3};
    const Error down{Errc::Unavailable, "down"};
    Error later{Errc::RateLimited, "later"};
    later.retry_after = 10s;
    EXPECT_EQ(backoff.next(down, 1, 1s, 1), 100ms);
    EXPECT_EQ(backoff.next(down, 2, 1s, 1), 200ms);
    EXPECT_EQ(backoff.next(down, 3, 1s, 1), std::nullopt);
    EXPECT_EQ(backoff.next(down, 1, 200ms, 1), 100ms);
    EXPECT_EQ(backoff.next(down, 1, 199ms, 1), std::nullopt);
    EXPECT_EQ(backoff.next(down, 1, 0ms, 1), std::nullopt);
    EXPECT_EQ(backoff.next(later, 1, 15s, 0), std::nullopt);
    EXPECT_EQ(backoff.next(later, 1, 20s, 0), 10s);
    for (const auto kind :
         {Errc::InvalidInput, Errc::Unauthorized, Errc::NotFound, Errc::Conflict, Errc::Internal}) {
        EXPECT_EQ(backoff.next({kind, "x"}, 1, 1h, 0), std::nullopt);
    }
    const Backoff endless{100ms, 1000ms, 0};
    EXPECT_EQ(endless.next(down, 1000000, 1h, 0), 500ms);
}

}  // namespace
}  // namespace linkspan::transport
