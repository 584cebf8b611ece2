// Reads one blob, never one that is larger than allowed.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"

#include <cstddef>
#include <string>

namespace linkspan::git {

// Errors: NotFound, InvalidInput (no file, too large), Corrupt.
Result<std::string> read_blob(
    git_repository* repository, const BlobId& blob, std::size_t max_bytes
);

}  // namespace linkspan::git
