#include "service/registry/referrers.h"

#include "service/registry/answer.h"
#include "service/registry/manifest.h"
#include "service/transport/link.h"

#include <algorithm>

namespace linkspan::registry {

Result<std::optional<ReferrersPage>> read_referrers(
    const transport::HttpResponse& response, std::string_view artifact_type, std::string_view who
) {
    switch (response.status) {
        case 200:
            break;
        case 400:  // Quay, for digests that it does not know
        case 404:
        case 405:
        case 406:  // Artifactory before 7.90
        case 501:
            return std::optional<ReferrersPage>{};
        default:
            return explain(response, who);
    }
    // Catch-all pages of web servers, and registries that take "referrers" for a repository's name.
    if (!is_index(media_type_of(response))) return std::optional<ReferrersPage>{};
    auto index = read_index(response.body);
    if (index.has_error()) return index.error().within(std::string{who} + ": referrers");
    ReferrersPage page;
    page.referrers = filter(std::move(index->manifests), artifact_type);
    page.next = transport::find_next(response.headers);
    return std::optional<ReferrersPage>{std::move(page)};
}

std::string fallback_tag(const image::Digest& digest) {
    // The specification cuts both parts, which matters for sha512 alone.
    return std::string{digest.algorithm().substr(0, 32)} + "-" +
           std::string{digest.hex().substr(0, 64)};
}

std::vector<Descriptor> filter(std::vector<Descriptor> entries, std::string_view artifact_type) {
    if (artifact_type.empty()) return entries;
    std::erase_if(entries, [&](const Descriptor& entry) {
        return entry.artifact_type != artifact_type;
    });
    return entries;
}

}  // namespace linkspan::registry
