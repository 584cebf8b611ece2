// Images in Argo CD's Applications and ApplicationSets, and in the .argocd-source files that
// override them:
//
//   kustomize: {images: ["app=registry.example.com/acme/app:1.4.2"]}
//   helm:
//     parameters: [{name: image.repository, value: …}, {name: image.tag, value: "1.4.2"}]
//     valuesObject: {…}
//     values: |          YAML in a text
//
// https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

bool is_argo_application(const Finder& finder, NodeId root);
bool is_argo_source_file(const Finder& finder, NodeId root);
void find_argo_images(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
