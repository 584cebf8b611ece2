#include "core/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace linkspan {
namespace {

Result<int> half(int n) {
    if (n % 2 != 0) return Error{Errc::InvalidInput, "odd"};
    return n / 2;
}

Result<int> quarter(int n) {
    LINKSPAN_TRY(first, half(n));
    LINKSPAN_TRY(second, half(first));
    return second;
}

TEST(Result, TryReturnsTheFirstError) {
    EXPECT_EQ(*quarter(8), 2);
    EXPECT_EQ(quarter(6).error().message, "odd");
    EXPECT_EQ(quarter(6).error().kind, Errc::InvalidInput);
}

TEST(Result, ContextIsPutInFront) {
    EXPECT_EQ(
        (Error{Errc::NotFound, "main"}.within("fetching fleet").message), "fetching fleet: main"
    );
}

TEST(Result, OnlyWhatMayWorkLaterIsTransient) {
    EXPECT_TRUE(is_transient(Errc::Unavailable));
    EXPECT_TRUE(is_transient(Errc::Timeout));
    EXPECT_TRUE(is_transient(Errc::RateLimited));
    for (const auto kind :
         {Errc::InvalidInput,
          Errc::Unauthorized,
          Errc::NotFound,
          Errc::Conflict,
          Errc::Corrupt,
          Errc::Internal}) {
        EXPECT_FALSE(is_transient(kind)) << to_string(kind);
    }
}

TEST(Result, AnUncheckedErrorIsABug) { EXPECT_THROW((void)half(1).value(), BadResultAccess); }

TEST(Result, HoldsWhatCanOnlyMove) {
    Result<std::unique_ptr<int>> made{std::make_unique<int>(7)};
    EXPECT_EQ(**made, 7);
}

}  // namespace
}  // namespace linkspan
