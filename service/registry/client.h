// Registry client: the OCI distribution API as far as a decision needs it.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md
//
// Calls block: run them on the registry pool. A Client may be used from several threads at once.
// Errors: NotFound (404), Unauthorized (401, 403, with the realm and scope that refused),
// RateLimited (429, with retry_after), Unavailable (connection, 5xx), Timeout, InvalidInput (an
// answer that is not what the API says). No credential is in any error text.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "core/secret.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::registry {

struct Credentials {
    std::string username;
    Secret password;
};

struct RegistryOptions {
    std::string host;      // as in image names
    std::string endpoint;  // "https://registry.example.com"; empty: made from host and `insecure`
    bool insecure = false;
    std::string ca_file;
    std::chrono::milliseconds timeout{30000};  // per call, everything included
    // Asked at every authentication, so that a rotated secret counts at once; empty: anonymous.
    std::function<Result<std::optional<Credentials>>()> credentials;
    std::size_t max_tags = 100000;       // a longer list is cut, and said so
    std::size_t max_manifest = 4 << 20;  // bytes
};

struct Manifest {
    image::Digest digest;
    std::string media_type;
};

struct TagList {
    std::vector<std::string> tags;
    bool truncated = false;
};

class Client {
public:
    explicit Client(RegistryOptions options);
    ~Client();
    Client(Client&&) noexcept;

    // HEAD /v2/<name>/manifests/<reference>, GET where the registry answers HEAD without a digest.
    Result<Manifest> resolve(const image::ImageName& image, const std::string& tag_or_digest);
    // GET /v2/<name>/tags/list, following `Link` to the same host only.
    Result<TagList> list_tags(const image::ImageName& image);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The `auths` part of a Docker config.json. Errors: InvalidInput, NotFound (no file).
Result<std::optional<Credentials>> docker_config_credentials(
    const std::string& path, const std::string& host
);

}  // namespace linkspan::registry
