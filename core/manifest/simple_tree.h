// The tree of a file that is written the way most manifests are, several times faster than
// libyaml. Private to core/manifest; read_tree() is its only user.
//
// Read here: printable ASCII without tabs and carriage returns; block mappings and lists; plain and
// quoted values on one line without escapes; flow collections on one line; comments; "---". With
// the first thing that is anything else (anchors, tags, block scalars, values over several lines,
// whatever may be an error) it gives up, and libyaml reads the file from the start. So it decides
// nothing: where it answers, the tree is the one that read_tree_with_libyaml() gives, node by node
// and byte by byte. Tests and the fuzzer hold the two against each other.
#pragma once

#include "core/manifest/tree.h"

#include <optional>
#include <string_view>

namespace linkspan::manifest {

// nullopt: not such a file. `bytes` must outlive the tree.
std::optional<Tree> read_simple_tree(std::string_view bytes, const Limits& limits);

}  // namespace linkspan::manifest
