// Indexes, manifests and image configs as values. Pure: bytes in, values out.
// https://github.com/opencontainers/image-spec/tree/v1.1.0 and Docker's older forms of the same.
// Errors: InvalidInput.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/registry/platform.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::registry {

using Annotations = std::map<std::string, std::string>;

struct Descriptor {
    std::string media_type;
    image::Digest digest;
    std::uint64_t size = 0;
    std::string artifact_type;
    Annotations annotations;
    std::optional<Platform> platform;
};

struct Index {
    std::vector<Descriptor> manifests;
    Annotations annotations;
};
Result<Index> read_index(std::string_view bytes);

struct ImageManifest {
    Descriptor config;
    std::vector<Descriptor> layers;
    Annotations annotations;
    std::string artifact_type;
    std::optional<Descriptor> subject;
};
Result<ImageManifest> read_image_manifest(std::string_view bytes);

struct ImageConfig {
    Platform platform;
    Annotations labels;
    std::optional<std::string> created;  // as written
};
Result<ImageConfig> read_image_config(std::string_view bytes);
bool is_image_config(std::string_view media_type);

}  // namespace linkspan::registry
