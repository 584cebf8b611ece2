#include "service/registry/manifest.h"

#include "service/registry/answer.h"
#include "service/registry/digest.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace linkspan::registry {
namespace {

using nlohmann::json;
using transport::HttpResponse;

constexpr std::array<std::string_view, 2> kIndexTypes{
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
};
constexpr std::array<std::string_view, 2> kManifestTypes{
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view what) {
    return std::find(list.begin(), list.end(), what) != list.end();
}

Error wrong_digest(
    std::string_view who, std::string_view got, std::string_view wanted, std::string_view by
) {
    return {
        Errc::InvalidInput,
        fmt::format("{} answered with {}, but {} is {}", who, quote(got), by, quote(wanted))};
}

}  // namespace

const std::string& accepted_manifests() {
    static const std::string text = [] {
        std::string out;
        for (const auto type : kIndexTypes) out += std::string{type} + ", ";
        for (const auto type : kManifestTypes) out += std::string{type} + ", ";
        out.resize(out.size() - 2);
        return out;
    }();
    return text;
}

bool is_index(std::string_view media_type) { return contains(kIndexTypes, media_type); }
bool is_manifest(std::string_view media_type) { return contains(kManifestTypes, media_type); }

Result<std::optional<Manifest>> read_head(
    const HttpResponse& response, const std::optional<image::Digest>& expected, std::string_view who
) {
    // Servers and proxies that don't do HEAD.
    if (response.status == 400 || response.status == 405 || response.status == 501) {
        return std::optional<Manifest>{};
    }
    if (response.status != 200) return explain(response, who);
    const auto field = response.header("Docker-Content-Digest");
    auto media_type = media_type_of(response);
    if (!field || !(is_index(media_type) || is_manifest(media_type))) {
        return std::optional<Manifest>{};
    }
    const auto digest = image::Digest::parse(*field);
    if (digest.has_error()) return std::optional<Manifest>{};
    if (expected && *digest != *expected) {
        return wrong_digest(who, digest->str(), expected->str(), "the digest that was asked for");
    }
    return std::optional<Manifest>{Manifest{*digest, std::move(media_type)}};
}

Result<Manifest> read_manifest(
    const HttpResponse& response, const std::optional<image::Digest>& expected, std::string_view who
) {
    if (response.status != 200) return explain(response, who);
    auto media_type = media_type_of(response);
    const json document = json::parse(response.body, nullptr, false);
    if (media_type == "text/html" || !document.is_object()) return explain_not_json(response, who);
    // Servers that keep manifests as plain files call them JSON or nothing; the document knows.
    const auto inner = document.find("mediaType");
    if (!is_index(media_type) && !is_manifest(media_type) && inner != document.end() &&
        inner->is_string()) {
        media_type = inner->get<std::string>();
    }
    if (!is_index(media_type) && !is_manifest(media_type)) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "{} answered with {}, which is not an image manifest or index",
                who,
                media_type.empty() ? "no content type" : quote(media_type, 100)
            )};
    }
    const auto field = response.header("Docker-Content-Digest");
    std::optional<image::Digest> promised;
    if (field) {
        auto parsed = image::Digest::parse(*field);
        if (parsed.has_error()) {
            return Error{
                Errc::InvalidInput,
                fmt::format("{} answered with an unreadable digest: {}", who, quote(*field))};
        }
        promised = *parsed;
    }
    const auto& model = expected ? expected : promised;
    const auto computed =
        compute_digest(response.body, model ? model->algorithm() : std::string_view{"sha256"});
    if (expected && computed != *expected) {
        return wrong_digest(who, computed.str(), expected->str(), "the digest that was asked for");
    }
    if (promised && promised->algorithm() == computed.algorithm() && *promised != computed) {
        return wrong_digest(
            who, computed.str(), promised->str(), "the digest in Docker-Content-Digest"
        );
    }
    return Manifest{computed, std::move(media_type)};
}

}  // namespace linkspan::registry
