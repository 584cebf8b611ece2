// Registry client: the OCI distribution API as far as a decision needs it.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md
//
// Calls block: run them on the registry pool. A Client may be used from several threads at once.
// Errors: NotFound (404), Unauthorized (401, 403, with the realm and scope that refused),
// RateLimited (429, with retry_after; further calls are refused so until it has passed),
// Unavailable (connection, 5xx), Timeout, InvalidInput (an answer that is not what the API says).
// No credential is in any error text.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "core/secret.h"
#include "service/registry/document.h"
#include "service/registry/limiter.h"
#include "service/registry/tag_listing.h"
#include "service/transport/backoff.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::registry {

// The user name that says "the password is an identity token" (OAuth 2 refresh token), as Docker's
// credential helpers write it.
inline constexpr std::string_view kIdentityTokenUser = "<token>";

struct Credentials {
    std::string username;
    Secret password;
};

struct RegistryOptions {
    std::string host;      // as in image names
    std::string endpoint;  // "https://registry.example.com"; empty: made from host and `insecure`
    bool insecure = false;
    std::string ca_file;                       // PEM; trusted beside the system's
    std::string client_certificate;            // PEM files, for registries that ask for one
    std::string client_key;                    // empty: the key is in client_certificate
    std::string proxy;                         // URL; empty: as the environment says
    std::chrono::milliseconds timeout{30000};  // per call, everything included; per page of a list
    // Of all pages of one list of tags together, waiting for turns not counted; 0: twenty times
    // `timeout`.
    std::chrono::milliseconds list_timeout{0};
    // Asked at every authentication, so that a rotated secret counts at once; empty: anonymous.
    std::function<Result<std::optional<Credentials>>()> credentials;
    std::size_t max_tags = 100000;       // a longer list is cut, and said so
    std::size_t max_manifest = 4 << 20;  // bytes
    std::size_t max_blob = 4 << 20;      // bytes; configs and signatures, never layers
    LimiterOptions limits{};             // of all calls of this Client together
    // Inside one call and its timeout, for what is over in a moment: a connection that broke, a
    // gateway that restarts. Longer outages are the caller's to wait for.
    transport::Backoff retry{std::chrono::milliseconds{100}, std::chrono::milliseconds{2000}, 3};
};

struct Manifest {
    image::Digest digest;
    std::string media_type;
};

struct ManifestBytes {
    image::Digest digest;
    std::string media_type;
    std::string bytes;  // that have this digest
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
    // One page of it: until listing.done(). After an error, calling again asks for the same page.
    Status fetch_page(TagListing& listing);

    // GET of a manifest or index; the bytes are checked against the digest.
    Result<ManifestBytes> fetch_manifest(
        const image::ImageName& image, const std::string& tag_or_digest
    );
    // GET of a blob of at most max_blob bytes, which are checked against the digest. Redirects are
    // followed, without the registry's secrets.
    Result<std::string> fetch_blob(const image::ImageName& image, const image::Digest& digest);
    // What was attached to the manifest, of one artifact type (empty: all), by the referrers API or
    // else by the fallback tag. Nothing attached is an empty list.
    Result<std::vector<Descriptor>> list_referrers(
        const image::ImageName& image, const image::Digest& digest, const std::string& artifact_type
    );

    // For shutting down: calls under way end within a second, later ones at once.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// What a Docker config.json says about a host: `credHelpers`, `auths`, `credsStore`, in this order.
// A credential helper is a program, docker-credential-<name> in PATH; it gets ten seconds. nullopt:
// nothing is said. Errors: InvalidInput, NotFound (no file), Unavailable (the helper failed),
// Timeout (of the helper).
Result<std::optional<Credentials>> docker_config_credentials(
    const std::string& path, const std::string& host
);

}  // namespace linkspan::registry
