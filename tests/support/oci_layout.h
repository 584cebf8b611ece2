// A small OCI image layout
// (https://github.com/opencontainers/image-spec/blob/v1.0.2/image-layout.md) written by the test
// itself, for `skopeo copy oci:DIR:TAG …`. No network, no tools.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::support {

struct OciImageSpec {
    std::string tag = "1.0.0";
    std::string content = "hello";  // of the file in the last layer: another content, other digests
    unsigned layers = 2;
    std::map<std::string, std::string> labels{};       // in every platform's config
    std::map<std::string, std::string> annotations{};  // of every platform's manifest
    std::string created = "2024-01-02T03:04:05Z";      // of the config; empty: absent
    // "os/architecture" or "os/architecture/variant".
    std::vector<std::string> platforms{"linux/amd64"};
    bool index = false;  // an index even for one platform; several always are one
};

struct OciImage {
    std::string tag;
    std::string digest;      // what the tag names: the index, or the only manifest
    std::string media_type;  // of that
    std::map<std::string, std::string> children;  // platform → manifest digest
    std::map<std::string, std::string> configs;   // platform → config digest
};

// Writes every image into one layout; blobs that are equal are written once. Throws.
std::vector<OciImage> write_oci_layout(
    const std::string& directory, const std::vector<OciImageSpec>& images
);
OciImage write_oci_layout(const std::string& directory, const OciImageSpec& image);

// "sha256:…" of bytes.
std::string sha256_digest(std::string_view bytes);

}  // namespace linkspan::support
