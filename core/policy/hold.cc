#include "core/policy/hold.h"

#include <algorithm>

namespace linkspan::policy {
namespace {

bool covers(const Hold& hold, std::string_view tag, const std::optional<image::Digest>& digest) {
    if (hold.tag && *hold.tag != tag) return false;
    if (!hold.digest) return true;
    if (!digest) return hold.tag.has_value();
    return *hold.digest == digest->str();
}

Held held(const Hold& hold) { return {.by = hold.who, .until = hold.until, .why = hold.why}; }

}  // namespace

std::optional<Held> held_by(
    std::span<const Hold> holds, std::string_view tag, const std::optional<image::Digest>& digest
) {
    const auto all = std::find_if(holds.begin(), holds.end(), [](const Hold& hold) {
        return !hold.tag && !hold.digest;
    });
    if (all != holds.end()) return held(*all);
    const auto one = std::find_if(holds.begin(), holds.end(), [&](const Hold& hold) {
        return covers(hold, tag, digest);
    });
    if (one != holds.end()) return held(*one);
    return std::nullopt;
}

}  // namespace linkspan::policy
