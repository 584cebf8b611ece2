// The table of shapes: every way of naming an image that is known without being told.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

// Finds the images in a document, or in a Kubernetes object inside of one. The first shape of the
// table that recognises it reads it.
void find_images(Finder& finder, NodeId root);

// A mapping that has apiVersion and kind.
bool is_object(const Tree& tree, NodeId mapping);

// "apps/v1" → "apps"; empty for "v1" and for what is no object.
std::string_view group_of(const Tree& tree, NodeId object);
std::string_view kind_of(const Tree& tree, NodeId object);

}  // namespace linkspan::manifest
