// scan(): where a file names images. A function of the bytes and of the file's name alone, so that
// its result can be kept by blob id.
//
// Two kinds of place. Markers: Flux's # {"$imagepolicy": "ns:name[:tag|:name|:digest|:tag@digest]"}
// comments. Images, known by shape: container image fields of Kubernetes objects, and kustomize
// `images` entries. Parser: libyaml (exact marks). Bounded in time and memory for any input.
#pragma once

#include "core/manifest/place.h"

#include <string_view>

namespace linkspan::manifest {

// Rises whenever scan() would answer differently for the same bytes: kept results of another
// version are of no use.
inline constexpr int kScannerVersion = 3;

// Whether files of this name are read at all.
bool readable_name(std::string_view path);

// False when the name or a byte search shows that no place can be in the file: no parser runs.
bool worth_scanning(std::string_view path, std::string_view bytes);

Scan scan(std::string_view path, std::string_view bytes);

}  // namespace linkspan::manifest
