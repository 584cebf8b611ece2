#include "core/policy/number.h"

#include <cstddef>

namespace linkspan::policy {

namespace {

std::string_view without_leading_zeros(std::string_view text) {
    while (!text.empty() && text.front() == '0') text.remove_prefix(1);
    return text;
}

std::weak_ordering order_magnitude(const Number& a, const Number& b) {
    if (const auto whole = order_digits(a.whole, b.whole); whole != 0) return whole;
    // Digits after the point align at the point, so bytes decide.
    return a.fraction <=> b.fraction;
}

}  // namespace

std::weak_ordering order_digits(std::string_view a, std::string_view b) {
    a = without_leading_zeros(a);
    b = without_leading_zeros(b);
    if (a.size() != b.size()) return a.size() <=> b.size();
    return a <=> b;
}

std::uint64_t digits_prefix(std::string_view digits) {
    digits = without_leading_zeros(digits);
    constexpr std::size_t kCountBits = 7;
    constexpr std::size_t kMost = (1U << kCountBits) - 1;
    if (digits.size() >= kMost) return (std::uint64_t{1} << 61U) - 1;
    std::uint64_t value = 0;
    for (const char c : digits.substr(0, 16)) value = value * 10 + static_cast<unsigned>(c - '0');
    return (std::uint64_t{digits.size()} << 54U) | value;  // 10^16 is less than 2^54
}

std::uint64_t prefix(const Number& number) {
    constexpr std::uint64_t kZero = std::uint64_t{1} << 62U;
    const std::uint64_t magnitude = digits_prefix(number.whole);
    return number.negative ? kZero - 1 - magnitude : kZero + magnitude;
}

Reading<Number> read_number(std::string_view text) {
    const Unread not_a_number =
        unread("not a number: expected digits with at most one point (no exponent, inf or nan)");
    Number number;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        number.negative = text.front() == '-';
        text.remove_prefix(1);
    }
    const std::size_t point = text.find('.');
    number.whole = text.substr(0, point);
    if (point != std::string_view::npos) number.fraction = text.substr(point + 1);
    if (number.whole.empty() && number.fraction.empty()) return not_a_number;
    if (!number.whole.empty() && !all_digits(number.whole)) return not_a_number;
    if (!number.fraction.empty() && !all_digits(number.fraction)) return not_a_number;
    number.whole = without_leading_zeros(number.whole);
    while (!number.fraction.empty() && number.fraction.back() == '0') {
        number.fraction.remove_suffix(1);
    }
    if (number.whole.empty() && number.fraction.empty()) number.negative = false;
    return number;
}

std::weak_ordering order(const Number& a, const Number& b) {
    if (a.negative != b.negative) return b.negative <=> a.negative;
    return a.negative ? order_magnitude(b, a) : order_magnitude(a, b);
}

}  // namespace linkspan::policy
