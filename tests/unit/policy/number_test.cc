#include "core/policy/number.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::policy {
namespace {

TEST(NumberTest, OrdersByValueAtAnyWidth) {
    // Each list is one value; the lists ascend.
    const std::vector<std::vector<std::string>> ascending{
        {"-100000000000000000000000000000000000000000"},
        {"-10", "-10.0"},
        {"-9.5"},
        {"-.5", "-0.50"},
        {"0", "00", "-0", "+0", "0.0", ".0", "0."},
        {"0.05"},
        {"0.5", ".5", "00.500"},
        {"1", "01", "1.0", "1.", "+1"},
        {"1.09"},
        {"1.1", "1.10"},
        {"1.9"},
        {"2"},
        {"10"},
        {"9007199254740992"},
        {"9007199254740993"},  // 2^53 + 1: the double before is its neighbour
        {"20231224175411999"},
        {"20231224175412000"},
        {"18446744073709551616"},  // 2^64
        {"18446744073709551616.000000000000000000000000000000000001"},
        {"100000000000000000000000000000000000000000"},
    };
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t j = 0; j < ascending.size(); ++j) {
            for (const std::string& a : ascending[i]) {
                for (const std::string& b : ascending[j]) {
                    SCOPED_TRACE(a + " and " + b);
                    const auto left = read_number(a);
                    const auto right = read_number(b);
                    ASSERT_TRUE(left.has_value());
                    ASSERT_TRUE(right.has_value());
                    EXPECT_TRUE(order(*left, *right) == (i <=> j));
                }
            }
        }
    }
}

TEST(NumberTest, RefusesWhatAFloatParserWouldTake) {
    for (const std::string& text : std::vector<std::string>{
             "",         ".",    "-",   "+",    "-.",  "1e3",   "1E3",     "inf", "-inf",
             "Infinity", "nan",  "NaN", "0x10", "1_0", "1,000", "--1",     "+-1", "1-",
             "1.2.3",    "1..2", " 1",  "1 ",   "v1",  "1a",    "\xd9\xa1"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(read_number(text).has_value());
    }
}

}  // namespace
}  // namespace linkspan::policy
