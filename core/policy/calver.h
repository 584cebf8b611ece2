// Calendar versions by a layout (https://calver.org). Private to core/policy.
//
// Parts are compared in the order of the layout, but calendar parts among themselves as calendars
// do: "0D.0M.YYYY" is compared by year, then month, then day. Widths are as the layout says: 0M is
// two digits, MM has no leading zero; MAJOR, MINOR and MICRO are numbers of any width.
//
// MODIFIER can only be last, and it and the characters before it may be absent: that is the
// release, which is later than all its modifiers. Modifiers are compared naturally: rc9 < rc10.
#pragma once

#include "core/policy/reading.h"
#include "core/policy/select.h"
#include "core/result.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

class CalverStrategy {
public:
    static constexpr std::size_t kMostNumbers = 7;  // one of each kind
    struct Key {
        std::array<std::string_view, kMostNumbers> numbers;  // most significant first
        std::string_view modifier;                           // empty for a release
    };
    // Errors: InvalidInput: no part at all, two of a kind, digits that can't be told apart.
    static Result<CalverStrategy> make(const Calver& settings);
    [[nodiscard]] Reading<Key> read(std::string_view text, const KnownTag& known) const;
    [[nodiscard]] std::string_view refuse(const Key& /*key*/) const { return {}; }
    [[nodiscard]] std::weak_ordering order(const Key& a, const Key& b) const;
    [[nodiscard]] std::uint64_t prefix(const Key& key) const;
    [[nodiscard]] std::string_view praise() const { return praise_; }

    enum class Kind { Year, Month, Week, Day, Major, Minor, Micro, Modifier, Literal };
    struct Part {
        Kind kind = Kind::Literal;
        std::size_t width = 0;  // exact number of digits; 0: any, without leading zeros in a date
        std::string literal;
        std::size_t rank = 0;  // place in Key::numbers
        std::string no_match;  // what to say when the text does not go on like this
    };

private:
    std::vector<Part> parts_;
    std::size_t numbers_ = 0;
    std::string praise_;
    std::string too_long_;
};

// By runs: digits as numbers, which stand before other bytes.
std::weak_ordering order_naturally(std::string_view a, std::string_view b);

}  // namespace linkspan::policy
