// One type per way of selecting. Private to core/policy.
//
// A strategy reads a key from the text that the filter left of a tag (and from what else is known
// of it), may refuse a key that reads (out of range), and orders keys: the greater key is
// preferred. select.cc and decide.cc are templates over these, so that a new strategy is a type
// here and an alternative of Selection.
#pragma once

#include "core/policy/calver.h"
#include "core/policy/groups.h"
#include "core/policy/newest.h"
#include "core/policy/number.h"
#include "core/policy/policy.h"
#include "core/policy/prefix_sort.h"
#include "core/policy/range.h"
#include "core/policy/reading.h"
#include "core/policy/select.h"
#include "core/policy/semver.h"

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::policy {

class SemverStrategy {
public:
    using Key = Version;
    static Result<SemverStrategy> make(
        const Semver& settings, std::span<const Narrowing> also = {}
    );
    [[nodiscard]] Reading<Key> read(std::string_view text, const KnownTag& known) const;
    // Empty: allowed.
    [[nodiscard]] std::string_view refuse(const Key& key) const;
    [[nodiscard]] std::weak_ordering order(const Key& a, const Key& b) const {
        return policy::order(a, b);
    }
    // Where there is one: prefix(a) < prefix(b) implies that a is before b (see prefix_sort.h).
    [[nodiscard]] std::uint64_t prefix(const Key& key) const { return policy::prefix(key); }
    // "{winner} is {praise} of 3 candidates".
    [[nodiscard]] std::string_view praise() const { return praise_; }

private:
    // The policy's, and those of narrowings.
    struct Demand {
        Range range;
        std::string out_of_range;
        std::string prerelease;
    };
    std::vector<Demand> demands_;
    bool strict_ = true;
    std::string praise_;
};

class NumericalStrategy {
public:
    using Key = Number;
    static Result<NumericalStrategy> make(const Numerical& settings);
    [[nodiscard]] Reading<Key> read(std::string_view text, const KnownTag& /*known*/) const {
        return read_number(text);
    }
    [[nodiscard]] std::string_view refuse(const Key& /*key*/) const { return {}; }
    [[nodiscard]] std::weak_ordering order(const Key& a, const Key& b) const {
        return order_ == Order::Asc ? policy::order(a, b) : policy::order(b, a);
    }
    [[nodiscard]] std::uint64_t prefix(const Key& key) const {
        const std::uint64_t out = policy::prefix(key);
        return order_ == Order::Asc ? out : ~out;
    }
    [[nodiscard]] std::string_view praise() const {
        return order_ == Order::Asc ? "the greatest number" : "the least number";
    }

private:
    Order order_ = Order::Asc;
};

class AlphabeticalStrategy {
public:
    using Key = std::string_view;
    static Result<AlphabeticalStrategy> make(const Alphabetical& settings);
    [[nodiscard]] Reading<Key> read(std::string_view text, const KnownTag& /*known*/) const {
        return text;
    }
    [[nodiscard]] std::string_view refuse(const Key& /*key*/) const { return {}; }
    [[nodiscard]] std::weak_ordering order(const Key& a, const Key& b) const {
        return order_ == Order::Asc ? a <=> b : b <=> a;
    }
    // `common`: of all keys.
    [[nodiscard]] std::uint64_t prefix(const Key& key, const CommonPrefix& common) const {
        const std::uint64_t out = common.next_bytes(key);
        return order_ == Order::Asc ? out : ~out;
    }
    [[nodiscard]] std::string_view praise() const {
        return order_ == Order::Asc ? "the last in byte order" : "the first in byte order";
    }

private:
    Order order_ = Order::Asc;
};

class FollowStrategy {
public:
    struct Key {};  // there is only one
    static Result<FollowStrategy> make(const Follow& settings);
    [[nodiscard]] Reading<Key> read(std::string_view /*text*/, const KnownTag& known) const {
        if (known.tag != tag_) return unread(not_followed_);
        return Key{};
    }
    [[nodiscard]] std::string_view refuse(const Key& /*key*/) const { return {}; }
    [[nodiscard]] std::weak_ordering order(const Key& /*a*/, const Key& /*b*/) const {
        return std::weak_ordering::equivalent;
    }
    [[nodiscard]] std::uint64_t prefix(const Key& /*key*/) const { return 0; }
    [[nodiscard]] std::string_view praise() const { return "the tag that is followed"; }

private:
    std::string tag_;
    std::string not_followed_;
};

using Strategy = std::variant<
    SemverStrategy,
    NumericalStrategy,
    AlphabeticalStrategy,
    NewestStrategy,
    FollowStrategy,
    CalverStrategy,
    GroupsStrategy>;

// Errors: InvalidInput; the message begins with the key ("select.semver: …").
Result<Strategy> make_strategy(const Selection& selection, std::span<const Narrowing> also = {});

}  // namespace linkspan::policy
