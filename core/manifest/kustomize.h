// Entries of kustomize's `images` list:
// https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/images/
//
//   images:
//     - name: app                           what manifests say
//       newName: registry.example.com/app   what to run instead; the same image when absent
//       newTag: 1.4.2                       may be tag@digest
//       digest: sha256:…                    wins over newTag
//
// In files that kustomize reads by name, in objects of kind Kustomization and Component of
// kustomize.config.k8s.io, and under spec of Flux's Kustomization. Besides the entries: images in
// patches that are written into the file, and in helmCharts[].valuesInline.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

bool is_kustomization(const Finder& finder, NodeId root);
void find_kustomize_images(Finder& finder, NodeId root);

// `fields` holds kustomize's own fields: the root of a kustomization, or the part of another object
// that is like one.
void find_in_kustomize_fields(Finder& finder, NodeId fields);

}  // namespace linkspan::manifest
