// Selection by the named groups of a pattern. Private to core/policy.
#pragma once

#include "core/policy/pattern.h"
#include "core/policy/reading.h"
#include "core/policy/select.h"
#include "core/result.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

class GroupsStrategy {
public:
    static constexpr std::size_t kMostGroups = 8;
    struct Key {
        std::array<std::string_view, kMostGroups> values;  // a group that took no part is empty
    };
    static Result<GroupsStrategy> make(const Groups& settings);
    [[nodiscard]] Reading<Key> read(std::string_view text, const KnownTag& known) const;
    [[nodiscard]] std::string_view refuse(const Key& /*key*/) const { return {}; }
    [[nodiscard]] std::weak_ordering order(const Key& a, const Key& b) const;
    [[nodiscard]] std::uint64_t prefix(const Key& key) const;
    [[nodiscard]] std::string_view praise() const { return praise_; }

private:
    struct Group {
        std::size_t index = 0;  // in the pattern
        Order order = Order::Asc;
    };
    std::unique_ptr<re2::RE2> pattern_;
    std::vector<Group> groups_;
    std::string no_match_;
    std::string praise_;
};

// Numbers by value and before everything else, which is by bytes; empty first of all. (To compare
// as numbers only where both are would not be an order: 9 < 10 < "1a" < 9.)
std::weak_ordering order_value(std::string_view a, std::string_view b);

}  // namespace linkspan::policy
