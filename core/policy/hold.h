// Hold: what must not be promoted, because a person said so.
#pragma once

#include "core/image/reference.h"
#include "core/policy/decide.h"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace linkspan::policy {

// Of one policy in one target. Neither tag nor digest: everything. Both: the tag while it is that
// digest.
struct Hold {
    std::optional<std::string> tag{};
    std::optional<std::string> digest{};
    std::string who{};
    std::string why{};
    std::optional<std::chrono::system_clock::time_point> until{};
};

// What `holds` say to a selected tag and the digest that it has, where that is known: the first
// hold on everything, else the first on this tag or digest; nullopt when it may go. A tag that is
// held for one digest and has an unknown one is held: nobody knows better. Whether `until` has
// passed is the caller's to know, who has a clock.
std::optional<Held> held_by(
    std::span<const Hold> holds, std::string_view tag, const std::optional<image::Digest>& digest
);

}  // namespace linkspan::policy
