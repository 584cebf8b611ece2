// The loose objects of a mirror: files of their own, until they are packed. Private to service/git.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"

#include <cstddef>
#include <filesystem>
#include <vector>

namespace linkspan::git {

struct LooseObject {
    git_oid id;
    std::filesystem::path file;
};

// `objects`: the folder of that name. What can't be listed is left out.
std::vector<LooseObject> list_loose(const std::filesystem::path& objects);

// The newest are read, so many and so much at most: what a power cut left half is new. With what
// is packed away by upkeep.h, a mirror seldom has more.
struct LooseLimits {
    std::size_t files = 10'000;
    std::size_t bytes = std::size_t{64} << 20;  // unpacked, of all of them
};

// Corrupt, naming the object, when a file does not hold the whole of it.
//
// libgit2 1.5 must not get to see such a file: where the compressed stream ends early, it asks zlib
// for more for ever (git_odb_read never returns), and a thread can't be taken back. A power cut may
// leave one: nothing in a mirror is synced as it is written, as Git itself does not sync loose
// objects. A sync of each (GIT_OPT_ENABLE_FSYNC_GITDIR) would cost every commit several times what
// it takes, for a cache that a fetch makes anew. Reads each stream to its end, without keeping it.
Status check_loose(const std::filesystem::path& objects, const LooseLimits& limits = {});

}  // namespace linkspan::git
