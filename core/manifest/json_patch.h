// JSON patches (RFC 6902) that kustomize applies, in files of their own or as text in a
// kustomization:
//
//   - op: replace
//     path: /spec/template/spec/containers/0/image
//     value: registry.example.com/acme/app:1.4.2
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

bool is_json_patch(const Finder& finder, NodeId root);
void find_json_patch_images(Finder& finder, NodeId root);

// The text of a kustomize patch: a JSON patch, or part of an object.
void find_patch_images(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
