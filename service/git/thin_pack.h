// Thin pack: what a push sends.
//
// libgit2's pack builder marks every tree of the known tip to find out what the server has, and
// sends whole objects. Here only the subtrees that differ are visited, and an object goes out as a
// delta against its predecessor at the same path, which the server has: a bump in a repository of
// any size is a pack of a few hundred bytes. Source: Documentation/gitformat-pack.txt.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::git {

// The delta that makes `after` of `before`.
std::string make_delta(std::string_view before, std::string_view after);

struct PackOptions {
    bool deltas = true;  // false where the server says "no-thin"
};

// The pack with everything that `target` has and `known` (which the server has) lacks. nullopt when
// `target` is no short, straight line of commits on top of `known`; the general way must do then.
Result<std::optional<std::string>> write_thin_pack(
    git_repository* repository,
    const git_oid& known,
    const git_oid& target,
    const PackOptions& options
);

}  // namespace linkspan::git
