// Images that CI systems run jobs in:
//
//   GitLab CI             image: ref | {name: ref}, services: [ref | {name: ref}]
//   GitHub Actions        container: ref | {image: ref}, services: {x: {image: ref}},
//                         uses: docker://ref, runs: {image: docker://ref}
//   variables             X_IMAGE: ref with tag or digest
//   CircleCI, Drone, Woodpecker, Bitbucket Pipelines, …   image: ref
//
// A function of the file's own name, not of its folder: a workflow is known by its jobs.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

bool is_ci_file(const Finder& finder, NodeId root);
void find_ci_images(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
