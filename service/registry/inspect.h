// inspect(): what an image says about itself, for policies on labels, platforms and age.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/registry/client.h"
#include "service/registry/document.h"
#include "service/registry/platform.h"

#include <optional>
#include <string>
#include <vector>

namespace linkspan::registry {

struct ImageDetails {
    std::string media_type;              // of what was asked for
    std::vector<Platform> platforms;     // every one that can run; attestations are not listed
    Platform platform;                   // whose config the labels are from
    Annotations labels;                  // of that config; or as LabelsOf::Every says
    bool every_platform = false;         // labels are of every platform
    Annotations annotations;             // the platform's manifest's, and the index's, which win
    std::optional<std::string> created;  // RFC 3339, where known…
    std::string created_from;            // …and by what: "config" or "annotation"
};

// The entry of an index whose config speaks for the image: the first that satisfies `wanted`, else
// the first that can run at all; nullptr when there is none.
const Descriptor* choose_child(const Index& index, const Platform& wanted);

// The config's time, unless it is one that reproducible builds write instead of the time (the year
// is 1980 or earlier); then the annotation org.opencontainers.image.created. Fills created and
// created_from.
void choose_created(ImageDetails& details, const std::optional<std::string>& config_created);

// Whose labels are wanted.
enum class LabelsOf {
    Wanted,  // the config's of the wanted platform
    // What is asked of an image is asked of each: what all platforms say alike, each by its
    // config's labels, or else the annotations of the index, or else those of its manifest.
    Every,
};

// Up to three requests: the manifest or index, the child, the config; with LabelsOf::Every two more
// for each other platform, at most 16 of them. Every byte is checked against the digest that named
// it. Artifacts that are no images have no labels and no platforms.
Result<ImageDetails> inspect(
    Client& client,
    const image::ImageName& image,
    const image::Digest& digest,
    const Platform& wanted = {"linux", "amd64", ""},
    LabelsOf labels = LabelsOf::Wanted
);

}  // namespace linkspan::registry
