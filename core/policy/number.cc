#include "core/policy/number.h"

#include <algorithm>
#include <cstddef>

namespace linkspan::policy {

namespace {

std::string_view without_leading_zeros(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of('0'), text.size()));
}

std::weak_ordering order_magnitude(const Number& a, const Number& b) {
    if (const auto whole = order_digits(a.whole, b.whole); whole != 0) return whole;
    // Digits after the point align at the point, so bytes decide.
    return a.fraction <=> b.fraction;
}

}  // namespace

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::weak_ordering order_digits(std::string_view a, std::string_view b) {
    a = without_leading_zeros(a);
    b = without_leading_zeros(b);
    if (a.size() != b.size()) return a.size() <=> b.size();
    return a <=> b;
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
    number.fraction = number.fraction.substr(0, number.fraction.find_last_not_of('0') + 1);
    if (number.whole.empty() && number.fraction.empty()) number.negative = false;
    return number;
}

std::weak_ordering order(const Number& a, const Number& b) {
    if (a.negative != b.negative) return b.negative <=> a.negative;
    return a.negative ? order_magnitude(b, a) : order_magnitude(a, b);
}

}  // namespace linkspan::policy
