// RegistryServer: Distribution's own registry (Debian package docker-registry) on a free loopback
// port with its storage in a temporary directory.
#pragma once

#include "tests/support/child_process.h"
#include "tests/support/oci_layout.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_ca.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::support {

struct RegistryServerOptions {
    struct Login {
        std::string user{};
        std::string password{};
    };
    struct TokenAuth {
        std::string realm;
        std::string service;
        std::string issuer;
        std::string root_certificate;  // PEM file of whoever signs the tokens
    };
    std::optional<Login> htpasswd;
    std::optional<TokenAuth> token;
    std::optional<CertificateFiles> tls;
    std::string client_ca;  // PEM file; clients must then show a certificate
    bool relative_links = false;
    // Where notifications go; with their Authorization header when it is not empty.
    std::string notify_url;
    std::string notify_authorization;
};

class RegistryServer {
public:
    // Whether docker-registry and skopeo are there; tests skip otherwise.
    static bool available();

    // Starts it and waits until it answers. Throws.
    explicit RegistryServer(RegistryServerOptions options = {});
    ~RegistryServer();
    RegistryServer(RegistryServer&&) noexcept;

    [[nodiscard]] std::string host() const;  // "127.0.0.1:port"
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::string log() const;

    // `skopeo copy` of an image in a layout to <host>/<repository>:<tag>, every platform, digests
    // kept. Throws.
    void push(
        const std::string& layout,
        const std::string& layout_tag,
        const std::string& repository,
        const std::string& tag
    ) const;
    // Makes an image and pushes it under its own tag.
    OciImage push(const std::string& repository, const OciImageSpec& image) const;
    // By the API, plain HTTP without login only. Return the digest; throw.
    std::string put_blob(const std::string& repository, const std::string& bytes) const;
    std::string put_manifest(
        const std::string& repository,
        const std::string& tag,
        const std::string& media_type,
        const std::string& bytes
    ) const;
    // Puts a manifest that is there under more tags, in the storage behind the registry's back: by
    // the API each tag costs several fsyncs, and tests want thousands.
    void add_tags(
        const std::string& repository, const std::string& tag, const std::vector<std::string>& more
    ) const;
    // Deletes a tag from the storage behind the registry's back: 2.8 can't delete one by its API.
    void remove_tag(const std::string& repository, const std::string& tag) const;

    void stop();

private:
    [[nodiscard]] std::string write_config() const;
    [[nodiscard]] bool answers() const;
    [[nodiscard]] std::string tag_directory(const std::string& repository, const std::string& tag)
        const;

    RegistryServerOptions options_;
    TempDir dir_;
    std::uint16_t port_ = 0;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace linkspan::support
