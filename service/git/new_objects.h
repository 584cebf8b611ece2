// The objects of a new commit on their way into the mirror: a few as loose files, many as one pack,
// since ten thousand files are seconds of the disk's time and one is not. Private to service/git.
//
// A pack appears whole or not at all, as those of fetches do: it gets its name when pack and index
// are written.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/pack_body.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace linkspan::git {

// From this many changed files on a pack is written.
inline constexpr std::size_t kWorthPack = 16;

class NewObjects {
public:
    // `directory`: of the mirror.
    NewObjects(git_odb* odb, std::string directory, bool as_pack);

    // The object's id; it need not be in the mirror before finish().
    Result<git_oid> put(std::string_view bytes, git_object_t type);
    Status finish();

private:
    git_odb* odb_;
    std::string directory_;
    bool as_pack_;
    PackBody pack_;
    std::unordered_set<std::string> put_;  // ids in the pack
};

}  // namespace linkspan::git
