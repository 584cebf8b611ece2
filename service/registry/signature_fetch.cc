// Where cosign puts signatures, and reading them from there.
#include "service/registry/document.h"
#include "service/registry/signature.h"

#include <fmt/format.h>

namespace linkspan::registry {
namespace {

constexpr std::string_view kSimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr const char* kSignatureAnnotation = "dev.cosignproject.cosign/signature";
// What cosign 2 attaches with --registry-referrers-mode=oci-1-1.
constexpr std::string_view kSignatureArtifact = "application/vnd.dev.cosign.artifact.sig.v1+json";
// "application/vnd.dev.sigstore.bundle.v0.3+json", and "….bundle+json;version=0.2" before.
constexpr std::string_view kBundlePrefix = "application/vnd.dev.sigstore.bundle";
constexpr std::size_t kMaxCandidates = 50;

class Collector {
public:
    Collector(Client& client, const image::ImageName& image) : client_{client}, image_{image} {}

    [[nodiscard]] bool full() const { return found_.size() >= kMaxCandidates; }

    Status add_manifest(const std::string& bytes, const std::string& found_in) {
        LINKSPAN_TRY(manifest, read_image_manifest(bytes));
        for (const auto& layer : manifest.layers) {
            if (full()) break;
            SignatureCandidate candidate;
            candidate.found_in = found_in;
            if (layer.media_type.substr(0, kBundlePrefix.size()) == kBundlePrefix) {
                candidate.form = SignatureCandidate::Form::Bundle;
            } else {
                const auto annotation = layer.annotations.find(kSignatureAnnotation);
                if (layer.media_type != kSimpleSigning || annotation == layer.annotations.end()) {
                    continue;
                }
                candidate.signature = annotation->second;
            }
            auto payload = client_.fetch_blob(image_, layer.digest);
            if (payload.has_error()) {
                // One that can't be had is not one of ours; the registry's trouble is.
                if (is_transient(payload.error().kind)) return payload.error();
                continue;
            }
            candidate.payload = std::move(*payload);
            found_.push_back(std::move(candidate));
        }
        return {};
    }

    std::vector<SignatureCandidate> take() { return std::move(found_); }

private:
    Client& client_;
    const image::ImageName& image_;
    std::vector<SignatureCandidate> found_;
};

bool may_hold_signature(const Descriptor& referrer) {
    return referrer.artifact_type == kSignatureArtifact ||
           referrer.artifact_type.substr(0, kBundlePrefix.size()) == kBundlePrefix;
}

}  // namespace

Result<std::vector<SignatureCandidate>> fetch_signatures(
    Client& client, const image::ImageName& image, const image::Digest& digest
) {
    Collector collector{client, image};
    const std::string tag = fmt::format("{}-{}.sig", digest.algorithm(), digest.hex());
    // A sha512 digest makes no tag: that would be too long.
    if (image::Tag::parse(tag).has_value()) {
        auto tagged = client.fetch_manifest(image, tag);
        if (tagged.has_value()) {
            auto added = collector.add_manifest(tagged->bytes, "tag " + tag);
            if (added.has_error() && is_transient(added.error().kind)) return added.error();
        } else if (tagged.error().kind != Errc::NotFound) {
            return tagged.error();
        }
    }
    // No artifact type is asked for: there are two, and one request is cheaper than two.
    LINKSPAN_TRY(referrers, client.list_referrers(image, digest, ""));
    for (const auto& referrer : referrers) {
        if (collector.full()) break;
        if (!may_hold_signature(referrer)) continue;
        auto manifest = client.fetch_manifest(image, referrer.digest.str());
        if (manifest.has_error()) {
            if (is_transient(manifest.error().kind)) return manifest.error();
            continue;
        }
        auto added = collector.add_manifest(manifest->bytes, "referrer " + referrer.digest.str());
        if (added.has_error() && is_transient(added.error().kind)) return added.error();
    }
    return collector.take();
}

}  // namespace linkspan::registry
