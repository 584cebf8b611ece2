// Where and how a key is written into a mapping that lacks it, behind a key that it has, in the
// file's own form: its indentation, its line endings, its way to quote keys and values.
#pragma once

#include "core/manifest/finder.h"

#include <optional>
#include <string_view>

namespace linkspan::manifest {

// `behind` is the value of a key of `mapping`, as written (an alias stays one). nullopt where the
// form allows no safe insertion; the caller says so.
std::optional<Insertion> insertion_behind(
    const Finder& finder, NodeId mapping, NodeId behind, std::string_view key, Role role
);

// How `value` and its key are taken out of a block mapping: its whole lines. nullopt when something
// else would go with them.
std::optional<Removal> removal_of(const Finder& finder, NodeId mapping, NodeId value, Role role);

}  // namespace linkspan::manifest
