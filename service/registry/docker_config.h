// Docker's config.json, and auth.json of Podman and Skopeo, which has the same form. No files here.
// https://docs.docker.com/reference/cli/docker/login/
#pragma once

#include "core/result.h"
#include "service/registry/client.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::registry {

// The `auths` entry for a host as image names have it. Entries with a scheme or a /v1/ or /v2/ path
// count for their host; Docker Hub's is "https://index.docker.io/v1/". nullopt: no entry, or an
// empty one. Errors: InvalidInput (not a config, not base64); `file` is for messages.
Result<std::optional<Credentials>> read_docker_auth(
    std::string_view config, const std::string& host, const std::string& file
);

// Which credential helpers the config names for a host.
struct HelperNames {
    std::string for_host;  // of `credHelpers`; empty: none
    std::string store;     // `credsStore`; empty: none
};
Result<HelperNames> read_docker_helpers(
    std::string_view config, const std::string& host, const std::string& file
);

// The name of the host towards helpers.
std::string helper_server(const std::string& host);

}  // namespace linkspan::registry
