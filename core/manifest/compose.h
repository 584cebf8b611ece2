// Images in Compose files: https://docs.docker.com/reference/compose-file/services/#image
//
//   services:
//     web: {image: "nginx:1.25"}
//     api: {image: "${REGISTRY:-r.io}/acme/api:${TAG:-1.4.2}"}    the default is what changes
//
// A service with `build` names what it builds, not what it runs: it is left alone.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

bool is_compose_file(const Finder& finder, NodeId root);
void find_compose_images(Finder& finder, NodeId root);

}  // namespace linkspan::manifest
