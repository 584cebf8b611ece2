// Referrers: what was attached to an image, signatures above all. Pure.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/registry/document.h"
#include "service/transport/http_client.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::registry {

struct ReferrersPage {
    std::vector<Descriptor> referrers;  // of the artifact type, whether or not the server filtered
    std::optional<std::string> next;    // as the Link header writes it
};

// nullopt: the registry has no referrers API (it answers 404, or 400, 405, 406, 501, or something
// that is no index), so ask for the fallback tag. Errors: as explain() says.
Result<std::optional<ReferrersPage>> read_referrers(
    const transport::HttpResponse& response, std::string_view artifact_type, std::string_view who
);

// "sha256-<hex>", where clients without the API keep the same index.
std::string fallback_tag(const image::Digest& digest);

// Entries of the artifact type; empty: all.
std::vector<Descriptor> filter(std::vector<Descriptor> entries, std::string_view artifact_type);

}  // namespace linkspan::registry
