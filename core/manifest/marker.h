// The grammar of Flux's image policy markers:
// https://fluxcd.io/flux/guides/image-update/#configure-image-update-for-custom-resources
//
//   # {"$imagepolicy": "NAMESPACE:NAME"}              the whole reference
//   # {"$imagepolicy": "NAMESPACE:NAME:tag"}          or :name, :digest
//   # {"$imagepolicy": "NAMESPACE:NAME:tag@digest"}   ours, for newTag and Helm's tag
//
// and the older long form {"$ref": "#/definitions/io.k8s.cli.setters.NAMESPACE:NAME"}.
#pragma once

#include "core/manifest/place.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::manifest {

struct Marker {
    std::string policy;  // "flux-system:app"
    Role role = Role::Reference;
    friend bool operator==(const Marker&, const Marker&) = default;
};

// `comment` with or without its '#'s. A NAME alone, or ":NAME:tag", names a policy without a
// namespace. Errors: InvalidInput, saying what is wrong with it.
Result<Marker> parse_marker(std::string_view comment);

}  // namespace linkspan::manifest
