// Upkeep: keeps the number of files in a mirror's object database small.
//
// Every commit leaves some loose objects, and every fetch a pack; libgit2 never puts them together,
// and looks into every pack for every object. When there are too many, the loose objects and the
// small packs become one pack. Large packs stay as they are, so the cost follows what came in since
// the last time, not the size of the repository.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace linkspan::git {

struct UpkeepLimits {
    std::size_t loose = 2000;
    std::size_t packs = 50;
    std::uintmax_t small_pack = 32 << 20;  // bytes
};

// True when there was something to do; the repository must be opened again then. Nothing is removed
// before the new pack is known to have it.
Result<bool> tidy(
    git_repository* repository, const std::string& directory, const UpkeepLimits& limits = {}
);

}  // namespace linkspan::git
