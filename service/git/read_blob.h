// Reads one blob, never one that is larger than allowed.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"

#include <cstddef>
#include <string>

namespace linkspan::git {

// A blob is read because a tree names it: one that is not there is Corrupt. Errors: Corrupt,
// InvalidInput (no file, too large).
Result<std::string> read_blob(
    git_repository* repository, const BlobId& blob, std::size_t max_bytes
);

}  // namespace linkspan::git
