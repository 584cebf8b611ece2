#include "service/git/deadline.h"

#include <gtest/gtest.h>

namespace linkspan::git {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Deadline::Clock::time_point kStart{seconds{1000}};

TEST(DeadlineTest, EndsAfterTheTimeoutWhenNothingMoves) {
    Deadline deadline{seconds{10}, nullptr, kStart};
    EXPECT_EQ(deadline.remaining(kStart), seconds{10});
    EXPECT_EQ(deadline.remaining(kStart + milliseconds{9999}), milliseconds{1});
    EXPECT_EQ(deadline.remaining(kStart + seconds{10}), milliseconds{0});
}

TEST(DeadlineTest, GoesOnWhileDataMovesAtAFairRate) {
    Deadline deadline{seconds{10}, nullptr, kStart};
    deadline.moved(10 * Deadline::kFairRate);
    EXPECT_EQ(deadline.remaining(kStart + seconds{10}), seconds{10});
    // The second time has to be earned again.
    EXPECT_EQ(deadline.remaining(kStart + seconds{20}), milliseconds{0});
}

TEST(DeadlineTest, ATrickleEarnsNothing) {
    Deadline deadline{seconds{10}, nullptr, kStart};
    deadline.moved(10 * Deadline::kFairRate - 1);
    EXPECT_EQ(deadline.remaining(kStart + seconds{10}), milliseconds{0});
}

TEST(DeadlineTest, EvenAFastTransferEndsSometime) {
    Deadline deadline{seconds{10}, nullptr, kStart};
    auto now = kStart;
    int windows = 0;
    while (deadline.remaining(now).count() > 0 && windows < 1000) {
        deadline.moved(1 << 20);
        now += seconds{10};
        ++windows;
    }
    EXPECT_EQ(windows, Deadline::kMaxWindows);
}

TEST(DeadlineTest, AFractionOfAMillisecondIsNotOver) {
    Deadline deadline{milliseconds{1}, nullptr, kStart};
    EXPECT_EQ(deadline.remaining(kStart + std::chrono::microseconds{999}), milliseconds{1});
}

TEST(DeadlineTest, ZeroIsOverAtOnce) {
    Deadline deadline{milliseconds{0}, nullptr, kStart};
    EXPECT_EQ(deadline.remaining(kStart), milliseconds{0});
    EXPECT_EQ(deadline.failure("host").kind, Errc::Timeout);
}

TEST(DeadlineTest, StoppingEndsItAtOnceAndIsNoTimeout) {
    std::atomic<bool> stop{false};
    Deadline deadline{seconds{10}, &stop, kStart};
    EXPECT_EQ(deadline.remaining(kStart), seconds{10});
    EXPECT_LE(deadline.poll_time(seconds{10}), 100);
    stop = true;
    EXPECT_EQ(deadline.remaining(kStart), milliseconds{0});
    EXPECT_EQ(deadline.failure("host").kind, Errc::Unavailable);
}

}  // namespace
}  // namespace linkspan::git
