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
// kustomize.config.k8s.io, and under spec.images of Flux's Kustomization.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

void find_kustomize_images(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
