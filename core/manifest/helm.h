// Images in the values of charts. There is no schema: these are the forms that charts use.
//
//   image: {registry: r.io, repository: acme/app, tag: "1.2", digest: ""}   (global.imageRegistry,
//   {repository: r.io/acme/app, tag: "1.2"}                                  global.registry)
//   image: {name: r.io/acme/app, tag: "1.2"}
//   image: r.io/acme/app          with imageTag or tag beside it
//   sidecarImage: r.io/acme/app:1.2
//   imageRepository: r.io/acme/app, imageTag: "1.2"
//   images: [r.io/acme/app:1.2], images: {web: r.io/acme/app:1.2}
//
// In documents that nothing else claims, under spec.values of Flux's HelmRelease, in
// spec.valuesContent of k3s' HelmChart, and wherever Argo CD and kustomize hold values.
#pragma once

#include "core/manifest/finder.h"

#include <string_view>

namespace linkspan::manifest {

bool is_helm_release(const Finder& finder, NodeId root);
void find_helm_release_images(Finder& finder, NodeId root);

// A chart's own Chart.yaml: the images that it says it uses (artifacthub.io/images).
bool is_chart_file(const Finder& finder, NodeId root);
void find_chart_images(Finder& finder, NodeId root);

// The document `values` is a chart's values.
void find_helm_values(Finder& finder, NodeId values);

// What one mapping says by itself: its keys, not what is below them. Kubernetes' custom resources
// use the same forms.
void find_in_values_mapping(
    Finder& finder,
    PlaceKind kind,
    NodeId mapping,
    std::string_view global_registry,
    std::string_view default_registry
);

}  // namespace linkspan::manifest
