#include "service/registry/inspect.h"

#include "service/registry/manifest.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::registry {
namespace {

constexpr const char* kCreated = "org.opencontainers.image.created";

// BuildKit's provenance and SBOMs stand in the index beside the images, for "unknown/unknown".
bool can_run(const Descriptor& entry) {
    if (entry.annotations.count("vnd.docker.reference.type") != 0) return false;
    return !entry.platform || entry.platform->os != "unknown";
}

// "2024-…": four digits and a dash, which is as much of RFC 3339 as is needed here.
bool is_real_time(const std::string& text) {
    const bool dated =
        text.size() >= 20 && text[4] == '-' &&
        std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; });
    return dated && text.substr(0, 4) > "1980";
}

}  // namespace

const Descriptor* choose_child(const Index& index, const Platform& wanted) {
    const Descriptor* first = nullptr;
    for (const auto& entry : index.manifests) {
        if (!can_run(entry)) continue;
        if (entry.platform && entry.platform->satisfies(wanted)) return &entry;
        if (first == nullptr) first = &entry;
    }
    return first;
}

void choose_created(ImageDetails& details, const std::optional<std::string>& config_created) {
    const auto annotation = details.annotations.find(kCreated);
    if (config_created && is_real_time(*config_created)) {
        details.created = config_created;
        details.created_from = "config";
    } else if (annotation != details.annotations.end() && is_real_time(annotation->second)) {
        details.created = annotation->second;
        details.created_from = "annotation";
    }
}

Result<ImageDetails> inspect(
    Client& client,
    const image::ImageName& image,
    const image::Digest& digest,
    const Platform& wanted
) {
    LINKSPAN_TRY(top, client.fetch_manifest(image, digest.str()));
    ImageDetails details;
    details.media_type = top.media_type;
    std::string bytes = std::move(top.bytes);
    Annotations of_index;
    if (is_index(details.media_type)) {
        LINKSPAN_TRY(index, read_index(bytes));
        for (const auto& entry : index.manifests) {
            if (can_run(entry) && entry.platform) details.platforms.push_back(*entry.platform);
        }
        of_index = std::move(index.annotations);
        const Descriptor* child = choose_child(index, wanted);
        if (child == nullptr) {
            details.annotations = std::move(of_index);
            choose_created(details, std::nullopt);
            return details;
        }
        LINKSPAN_TRY(chosen, client.fetch_manifest(image, child->digest.str()));
        if (!is_manifest(chosen.media_type)) {
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "{}@{}: the index names another index where a manifest belongs",
                    image.str(),
                    digest.str()
                )};
        }
        bytes = std::move(chosen.bytes);
    }
    LINKSPAN_TRY(manifest, read_image_manifest(bytes));
    details.annotations = std::move(of_index);
    details.annotations.merge(manifest.annotations);
    if (!is_image_config(manifest.config.media_type)) {
        choose_created(details, std::nullopt);
        return details;
    }
    LINKSPAN_TRY(blob, client.fetch_blob(image, manifest.config.digest));
    LINKSPAN_TRY(config, read_image_config(blob));
    details.platform = config.platform;
    if (details.platforms.empty()) details.platforms.push_back(config.platform);
    details.labels = std::move(config.labels);
    choose_created(details, config.created);
    return details;
}

}  // namespace linkspan::registry
