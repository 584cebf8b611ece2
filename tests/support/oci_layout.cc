#include "tests/support/oci_layout.h"

#include "tests/support/temp_dir.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include <array>
#include <cstring>
#include <filesystem>

namespace linkspan::support {
namespace {

using nlohmann::json;

constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";
constexpr const char* kManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kConfig = "application/vnd.oci.image.config.v1+json";
constexpr const char* kLayer = "application/vnd.oci.image.layer.v1.tar";

// A ustar archive of one regular file.
std::string make_tar(const std::string& name, const std::string& content) {
    std::array<char, 512> header{};
    const auto put = [&](std::size_t at, const std::string& text) {
        std::memcpy(header.data() + at, text.data(), text.size());
    };
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, fmt::format("{:011o}", content.size()));
    put(136, "00000000000");
    put(148, "        ");  // the checksum counts itself as spaces
    header[156] = '0';
    put(257, "ustar");
    put(263, "00");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(148, fmt::format("{:06o}", sum));
    header[154] = '\0';
    std::string out{header.data(), header.size()};
    out += content;
    out.resize((out.size() + 511) / 512 * 512 + 1024);
    return out;
}

class Layout {
public:
    explicit Layout(std::string directory) : directory_{std::move(directory)} {
        std::filesystem::create_directories(directory_ + "/blobs/sha256");
        write_file(directory_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    }

    // A descriptor of the blob.
    json add(std::string_view bytes, const char* media_type) {
        const std::string digest = sha256_digest(bytes);
        write_file(directory_ + "/blobs/sha256/" + digest.substr(7), bytes);
        return {{"mediaType", media_type}, {"digest", digest}, {"size", bytes.size()}};
    }

    void finish(const json& tagged) {
        const json index{{"schemaVersion", 2}, {"manifests", tagged}};
        write_file(directory_ + "/index.json", index.dump());
    }

private:
    std::string directory_;
};

json make_platform(const std::string& text) {
    const auto first = text.find('/');
    const auto second = text.find('/', first + 1);
    json out{{"os", text.substr(0, first)}};
    if (second == std::string::npos) {
        out["architecture"] = text.substr(first + 1);
    } else {
        out["architecture"] = text.substr(first + 1, second - first - 1);
        out["variant"] = text.substr(second + 1);
    }
    return out;
}

// The manifest's descriptor; config digest goes to `image`.
json add_manifest(
    Layout& layout, const OciImageSpec& spec, const std::string& platform, OciImage& image
) {
    json layers = json::array();
    json diff_ids = json::array();
    for (unsigned i = 0; i < spec.layers; ++i) {
        const bool last = i + 1 == spec.layers;
        const auto tar =
            make_tar(fmt::format("layer-{}", i), last ? spec.content + platform : "shared");
        layers.push_back(layout.add(tar, kLayer));
        diff_ids.push_back(layers.back()["digest"]);
    }
    json config = make_platform(platform);
    if (!spec.created.empty()) config["created"] = spec.created;
    config["config"] = json::object();
    if (!spec.labels.empty()) config["config"]["Labels"] = spec.labels;
    config["rootfs"] = {{"type", "layers"}, {"diff_ids", diff_ids}};
    json manifest{{"schemaVersion", 2}, {"mediaType", kManifest}};
    manifest["config"] = layout.add(config.dump(), kConfig);
    manifest["layers"] = layers;
    if (!spec.annotations.empty()) manifest["annotations"] = spec.annotations;
    json out = layout.add(manifest.dump(), kManifest);
    image.children[platform] = out["digest"];
    image.configs[platform] = manifest["config"]["digest"];
    return out;
}

}  // namespace

std::string sha256_digest(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash.data());
    std::string out = "sha256:";
    for (const unsigned char c : hash) out += fmt::format("{:02x}", c);
    return out;
}

std::vector<OciImage> write_oci_layout(
    const std::string& directory, const std::vector<OciImageSpec>& images
) {
    Layout layout{directory};
    json tagged = json::array();
    std::vector<OciImage> out;
    for (const auto& spec : images) {
        OciImage image;
        image.tag = spec.tag;
        json top;
        if (spec.index || spec.platforms.size() > 1) {
            json index{{"schemaVersion", 2}, {"mediaType", kIndex}, {"manifests", json::array()}};
            for (const auto& platform : spec.platforms) {
                json child = add_manifest(layout, spec, platform, image);
                child["platform"] = make_platform(platform);
                index["manifests"].push_back(child);
            }
            top = layout.add(index.dump(), kIndex);
        } else {
            top = add_manifest(layout, spec, spec.platforms.front(), image);
        }
        image.digest = top["digest"];
        image.media_type = top["mediaType"];
        top["annotations"] = {{"org.opencontainers.image.ref.name", spec.tag}};
        tagged.push_back(top);
        out.push_back(std::move(image));
    }
    layout.finish(tagged);
    return out;
}

OciImage write_oci_layout(const std::string& directory, const OciImageSpec& image) {
    return write_oci_layout(directory, std::vector<OciImageSpec>{image}).front();
}

}  // namespace linkspan::support
