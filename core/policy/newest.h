// newest: by creation time, else by when we first saw the tag. Private to core/policy.
#pragma once

#include "core/policy/instant.h"
#include "core/policy/reading.h"
#include "core/policy/select.h"

#include <compare>
#include <string>
#include <string_view>

namespace linkspan::policy {

class NewestStrategy {
public:
    // Two entries for one tag may differ in their times; the later one counts.
    static constexpr bool kReadsFacts = true;
    struct Key {
        Instant at;
        bool first_seen = false;  // not created
    };
    [[nodiscard]] Reading<Key> read(std::string_view text, const KnownTag& known) const;
    [[nodiscard]] std::string_view refuse(const Key& /*key*/) const { return {}; }
    [[nodiscard]] std::weak_ordering order(const Key& a, const Key& b) const {
        if (a.at != b.at) return a.at <=> b.at;
        return !a.first_seen <=> !b.first_seen;  // a creation time is the surer one
    }
    [[nodiscard]] std::uint64_t prefix(const Key& key) const { return policy::prefix(key.at); }
    [[nodiscard]] std::string_view praise() const { return "the newest"; }
    // ", created 2024-…" or ", first seen 2024-… (…)".
    [[nodiscard]] std::string remark(const Key& winner) const;
};

}  // namespace linkspan::policy
