#include "core/policy/newest.h"

#include <fmt/format.h>

#include <optional>

namespace linkspan::policy {

namespace {

// Reproducible builds write a fixed time: year 1, 1970, 1980. No container image is older than
// Docker.
constexpr std::int64_t kBeforeAnyImage = 1356998400;  // 2013-01-01T00:00:00Z

}  // namespace

Reading<NewestStrategy::Key> NewestStrategy::read(std::string_view /*text*/, const KnownTag& known)
    const {
    if (known.created) {
        const auto at = read_instant(*known.created);
        if (at && at->seconds >= kBeforeAnyImage) {
            return Key{.at = *at, .first_seen = false};
        }
    }
    if (known.first_seen) {
        if (const auto at = read_instant(*known.first_seen)) {
            return Key{.at = *at, .first_seen = true};
        }
    }
    return unread("neither its creation time nor when it was first seen is known");
}

std::string NewestStrategy::remark(const Key& winner) const {
    const std::string when = write(winner.at);
    if (!winner.first_seen) return fmt::format(", created {}", when);
    return fmt::format(", first seen {} (its image does not say when it was created)", when);
}

}  // namespace linkspan::policy
