// Reads history.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace linkspan::git {

// Newest first, from `tip` down to what `stop` has; at most `limit`.
Result<std::vector<CommitInfo>> list_commits(
    git_repository* repository,
    const git_oid& tip,
    const std::optional<git_oid>& stop,
    std::size_t limit
);

}  // namespace linkspan::git
