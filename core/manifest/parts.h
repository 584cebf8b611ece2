// An image that is written in pieces: registry, repository, tag and digest each in a scalar of its
// own, as charts have it.
#pragma once

#include "core/manifest/finder.h"

#include <string_view>

namespace linkspan::manifest {

struct Parts {
    // Scalars, resolved; kNoNode for what is not there. `name` is a must.
    NodeId name = kNoNode;  // "acme/app", "registry.example.com/acme/app"
    NodeId tag = kNoNode;
    NodeId digest = kNoNode;
    // What goes in front of the name; empty for nothing.
    std::string_view registry;
    // Where a tag could be written when there is none.
    std::optional<Insertion> new_tag;
};

// Adds a place of `kind`, named after its tag. Nothing when the name is no image, is filled in
// later or when there is nothing to write a version into.
void add_parts(Finder& finder, PlaceKind kind, const Parts& parts);

}  // namespace linkspan::manifest
