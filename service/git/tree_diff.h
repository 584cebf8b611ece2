// Tree diff: what differs between two trees, going only into subtrees that differ.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::git {

// One entry that is not the same on both sides; a side that lacks it has id and mode null and 0.
struct EntryDiff {
    std::string_view path;
    const git_oid* before = nullptr;
    const git_oid* after = nullptr;
    std::uint32_t before_mode = 0;
    std::uint32_t after_mode = 0;
};
enum class Descend { Yes, No };

// Calls `visit` for every differing entry, trees before what is in them, in the order of names. A
// tree is entered when `visit` says so; a tree that only one side has, too. Either root may be
// null. Errors: Corrupt; those of `visit`.
using DiffVisitor = std::function<Result<Descend>(const EntryDiff&)>;
Status diff_trees(
    git_repository* repository,
    const git_oid* before,
    const git_oid* after,
    const DiffVisitor& visit
);

// Files below the prefixes that differ, in path order.
Result<std::vector<ChangedFile>> list_changes(
    git_repository* repository,
    const git_oid* before,
    const git_oid* after,
    const std::vector<std::string>& prefixes
);

}  // namespace linkspan::git
