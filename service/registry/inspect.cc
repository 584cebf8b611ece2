#include "service/registry/inspect.h"

#include "service/registry/manifest.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::registry {
namespace {

constexpr std::size_t kMostPlatforms = 16;
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

Result<std::optional<ImageConfig>> fetch_config(
    Client& client, const image::ImageName& image, const ImageManifest& manifest
) {
    if (!is_image_config(manifest.config.media_type)) return std::optional<ImageConfig>{};
    LINKSPAN_TRY(blob, client.fetch_blob(image, manifest.config.digest));
    LINKSPAN_TRY(config, read_image_config(blob));
    return std::optional{std::move(config)};
}

Result<ImageManifest> fetch_child(
    Client& client, const image::ImageName& image, const image::Digest& child
) {
    LINKSPAN_TRY(fetched, client.fetch_manifest(image, child.str()));
    if (!is_manifest(fetched.media_type)) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "{}@{}: an index names it where a manifest belongs, and it is none",
                image.str(),
                child.str()
            )};
    }
    return read_image_manifest(fetched.bytes);
}

// What one platform's image says: its labels, then what the index says of all, then the manifest.
Annotations words_of(
    const std::optional<ImageConfig>& config, const Annotations& shared, const Annotations& own
) {
    Annotations out = config ? config->labels : Annotations{};
    out.insert(shared.begin(), shared.end());
    out.insert(own.begin(), own.end());
    return out;
}

// Leaves of `words` what the other platforms say too.
Status narrow_words(
    Client& client,
    const image::ImageName& image,
    const Index& index,
    const Descriptor& known,
    Annotations& words
) {
    std::size_t asked = 1;
    for (const auto& entry : index.manifests) {
        if (&entry == &known || !can_run(entry) || entry.digest == known.digest) continue;
        if (++asked > kMostPlatforms) {
            return Error{
                Errc::InvalidInput,
                fmt::format(
                    "{}: the index has more than {} platforms, whose labels are not all read",
                    image.str(),
                    kMostPlatforms
                )};
        }
        LINKSPAN_TRY(manifest, fetch_child(client, image, entry.digest));
        LINKSPAN_TRY(config, fetch_config(client, image, manifest));
        const Annotations others = words_of(config, index.annotations, manifest.annotations);
        std::erase_if(words, [&](const auto& word) {
            const auto other = others.find(word.first);
            return other == others.end() || other->second != word.second;
        });
    }
    return {};
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
    const Platform& wanted,
    LabelsOf labels
) {
    LINKSPAN_TRY(top, client.fetch_manifest(image, digest.str()));
    ImageDetails details;
    details.media_type = top.media_type;
    std::optional<Index> index;
    const Descriptor* child = nullptr;
    ImageManifest manifest;
    if (is_index(details.media_type)) {
        LINKSPAN_TRY(read, read_index(top.bytes));
        index = std::move(read);
        for (const auto& entry : index->manifests) {
            if (can_run(entry) && entry.platform) details.platforms.push_back(*entry.platform);
        }
        details.annotations = index->annotations;
        child = choose_child(*index, wanted);
        if (child == nullptr) {
            choose_created(details, std::nullopt);
            details.every_platform = labels == LabelsOf::Every;
            if (details.every_platform) details.labels = details.annotations;
            return details;
        }
        LINKSPAN_TRY(chosen, fetch_child(client, image, child->digest));
        manifest = std::move(chosen);
    } else {
        LINKSPAN_TRY(only, read_image_manifest(top.bytes));
        manifest = std::move(only);
    }
    const Annotations shared = details.annotations;
    details.annotations.insert(manifest.annotations.begin(), manifest.annotations.end());
    LINKSPAN_TRY(config, fetch_config(client, image, manifest));
    choose_created(details, config ? config->created : std::nullopt);
    if (config) {
        details.platform = config->platform;
        if (details.platforms.empty()) details.platforms.push_back(config->platform);
    }
    if (labels == LabelsOf::Wanted) {
        if (config) details.labels = std::move(config->labels);
        return details;
    }
    details.every_platform = true;
    details.labels = words_of(config, shared, manifest.annotations);
    if (index) {
        auto narrowed = narrow_words(client, image, *index, *child, details.labels);
        if (narrowed.has_error()) return narrowed.error();
    }
    return details;
}

}  // namespace linkspan::registry
