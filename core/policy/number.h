// Numbers of any width, compared as digit strings: 9007199254740993 is greater than
// 9007199254740992 here, which is not so with doubles.
#pragma once

#include "core/policy/reading.h"

#include <compare>
#include <cstdint>
#include <string_view>

namespace linkspan::policy {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// True for one digit or more and nothing else.
constexpr bool all_digits(std::string_view text) {
    for (const char c : text) {
        if (!is_digit(c)) return false;
    }
    return !text.empty();
}
// By value: leading zeros don't count. Both must be all digits (or empty, which is 0).
std::weak_ordering order_digits(std::string_view a, std::string_view b);

// A number of 61 bits that ascends with the value of the digits, though not strictly: by their
// count and the first 16.
std::uint64_t digits_prefix(std::string_view digits);

// An optional sign, then digits with at most one point: "20", "-1.5", "007", ".5". No exponent, no
// "inf" or "nan", no separators.
struct Number {
    bool negative = false;
    std::string_view whole;     // without leading zeros; empty for 0
    std::string_view fraction;  // without trailing zeros
};
Reading<Number> read_number(std::string_view text);
std::weak_ordering order(const Number& a, const Number& b);
// Ascends with the value, though not strictly.
std::uint64_t prefix(const Number& number);

}  // namespace linkspan::policy
