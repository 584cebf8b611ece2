#include "core/secret.h"

#include <gtest/gtest.h>

namespace linkspan {
namespace {

TEST(Secret, ComparesWholeValues) {
    const Secret secret{"test-secret-not-real"};
    EXPECT_TRUE(secret.equals("test-secret-not-real"));
    EXPECT_FALSE(secret.equals("test-secret-not-reaL"));
    EXPECT_FALSE(secret.equals("test-secret-not-rea"));
    EXPECT_FALSE(secret.equals("test-secret-not-real!"));
    EXPECT_FALSE(secret.equals(""));
    EXPECT_FALSE(Secret{}.equals("x"));
    EXPECT_TRUE(Secret{}.equals(""));
    // A repeated value must not pass for itself.
    EXPECT_FALSE(Secret{"ab"}.equals("abab"));
}

TEST(Secret, DoesNotPrintItself) { EXPECT_EQ(to_string(Secret{"test-secret-not-real"}), "***"); }

}  // namespace
}  // namespace linkspan
