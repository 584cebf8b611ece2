// Manifests as a registry serves them: media types, what a HEAD and a GET tell. No sockets.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/registry/client.h"
#include "service/transport/http_client.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::registry {

// Every manifest and index form, for Accept: a registry that finds none of what it holds there
// answers 404, or an older form under another digest.
const std::string& accepted_manifests();

bool is_index(std::string_view media_type);
bool is_manifest(std::string_view media_type);  // of one platform

// The answer to a HEAD, any status. nullopt: it does not tell, ask with GET. `expected` is the
// digest that was asked for, when it was one. `who` is the host, for messages.
Result<std::optional<Manifest>> read_head(
    const transport::HttpResponse& response,
    const std::optional<image::Digest>& expected,
    std::string_view who
);

// The answer to a GET, any status: the digest is computed from the bytes, and must be the one of
// the header and the one that was asked for.
Result<Manifest> read_manifest(
    const transport::HttpResponse& response,
    const std::optional<image::Digest>& expected,
    std::string_view who
);

}  // namespace linkspan::registry
