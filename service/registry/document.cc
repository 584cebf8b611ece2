#include "service/registry/document.h"

#include "service/registry/answer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace linkspan::registry {
namespace {

using nlohmann::json;

// Far more than any index or manifest has; what is longer is an attack on our memory.
constexpr std::size_t kMaxEntries = 2000;

Error wrong(std::string_view what, std::string_view why) {
    return {Errc::InvalidInput, fmt::format("{}: {}", what, why)};
}

std::string text_of(const json& object, const char* key) {
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

// Values that are no strings are left out: annotations and labels are strings by definition.
Annotations texts_of(const json& object, const char* key) {
    Annotations out;
    const auto it = object.find(key);
    if (it == object.end() || !it->is_object()) return out;
    for (const auto& [name, value] : it->items()) {
        if (value.is_string()) out.emplace(name, value.get<std::string>());
    }
    return out;
}

Platform platform_of(const json& object) {
    return {text_of(object, "os"), text_of(object, "architecture"), text_of(object, "variant")};
}

Result<Descriptor> read_descriptor(const json& object, std::string_view what) {
    if (!object.is_object()) return wrong(what, "a descriptor must be an object");
    auto digest = image::Digest::parse(text_of(object, "digest"));
    if (digest.has_error()) return digest.error().within(what);
    Descriptor out;
    out.digest = std::move(*digest);
    out.media_type = text_of(object, "mediaType");
    out.artifact_type = text_of(object, "artifactType");
    out.annotations = texts_of(object, "annotations");
    const auto size = object.find("size");
    if (size == object.end() || !size->is_number_unsigned()) {
        return wrong(what, "a descriptor must have a size");
    }
    out.size = size->get<std::uint64_t>();
    const auto platform = object.find("platform");
    if (platform != object.end() && platform->is_object()) out.platform = platform_of(*platform);
    return out;
}

Result<std::vector<Descriptor>> read_descriptors(
    const json& document, const char* key, std::string_view what
) {
    std::vector<Descriptor> out;
    const auto list = document.find(key);
    if (list == document.end() || list->is_null()) return out;
    if (!list->is_array()) return wrong(what, fmt::format("{} must be a list", key));
    if (list->size() > kMaxEntries) return wrong(what, fmt::format("too many {}", key));
    for (const auto& entry : *list) {
        LINKSPAN_TRY(descriptor, read_descriptor(entry, what));
        out.push_back(std::move(descriptor));
    }
    return out;
}

Result<json> parse(std::string_view bytes, std::string_view what) {
    json document = json::parse(bytes, nullptr, false);
    if (!document.is_object()) return wrong(what, "not a JSON object");
    return document;
}

}  // namespace

Result<Index> read_index(std::string_view bytes) {
    LINKSPAN_TRY(document, parse(bytes, "index"));
    LINKSPAN_TRY(manifests, read_descriptors(document, "manifests", "index"));
    return Index{std::move(manifests), texts_of(document, "annotations")};
}

Result<ImageManifest> read_image_manifest(std::string_view bytes) {
    LINKSPAN_TRY(document, parse(bytes, "manifest"));
    const auto config = document.find("config");
    if (config == document.end()) return wrong("manifest", "no config");
    LINKSPAN_TRY(config_descriptor, read_descriptor(*config, "manifest: config"));
    LINKSPAN_TRY(layers, read_descriptors(document, "layers", "manifest"));
    ImageManifest out;
    out.config = std::move(config_descriptor);
    out.layers = std::move(layers);
    out.annotations = texts_of(document, "annotations");
    // Without it, the config's media type tells (image-spec 1.1, manifest.md).
    out.artifact_type = text_of(document, "artifactType");
    if (out.artifact_type.empty()) out.artifact_type = out.config.media_type;
    const auto subject = document.find("subject");
    if (subject != document.end() && !subject->is_null()) {
        LINKSPAN_TRY(descriptor, read_descriptor(*subject, "manifest: subject"));
        out.subject = std::move(descriptor);
    }
    return out;
}

bool is_image_config(std::string_view media_type) {
    return media_type == "application/vnd.oci.image.config.v1+json" ||
           media_type == "application/vnd.docker.container.image.v1+json";
}

Result<ImageConfig> read_image_config(std::string_view bytes) {
    LINKSPAN_TRY(document, parse(bytes, "image config"));
    ImageConfig out;
    out.platform = platform_of(document);
    const auto config = document.find("config");
    if (config != document.end() && config->is_object()) out.labels = texts_of(*config, "Labels");
    if (auto created = text_of(document, "created"); !created.empty()) {
        out.created = quote(created, 40);
    }
    return out;
}

}  // namespace linkspan::registry
