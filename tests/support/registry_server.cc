#include "tests/support/registry_server.h"

#include "service/transport/http_client.h"
#include "tests/support/free_port.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <stdexcept>
#include <thread>

namespace linkspan::support {
namespace {

using nlohmann::json;
using transport::HttpClient;
using transport::HttpRequest;

}  // namespace

bool RegistryServer::available() { return has_program("docker-registry") && has_program("skopeo"); }

RegistryServer::RegistryServer(RegistryServerOptions options) : options_{std::move(options)} {
    if (options_.htpasswd) {
        dir_.write(
            "htpasswd",
            run_ok(
                {"htpasswd",
                 "-nbB",
                 "-C",
                 "4",
                 options_.htpasswd->user,
                 options_.htpasswd->password}
            )
        );
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    while (std::chrono::steady_clock::now() < give_up) {
        port_ = free_port();
        ChildOptions child;
        child.argv = {"docker-registry", "serve", write_config()};
        // No tracing exporter, and nothing of the developer's own settings.
        child.env = {{"OTEL_TRACES_EXPORTER", "none"}};
        child.output = dir_.file("log");
        process_ = std::make_unique<ChildProcess>(child);
        while (process_->running() && std::chrono::steady_clock::now() < give_up) {
            if (answers()) return;
            // Waits for its end, which a taken port brings, or a little.
            process_->wait(std::chrono::milliseconds{20});
        }
        process_->stop();
    }
    throw std::runtime_error{"docker-registry does not start: " + log()};
}

RegistryServer::~RegistryServer() = default;
RegistryServer::RegistryServer(RegistryServer&&) noexcept = default;

std::string RegistryServer::host() const { return fmt::format("127.0.0.1:{}", port_); }
std::string RegistryServer::url() const { return (options_.tls ? "https://" : "http://") + host(); }
std::string RegistryServer::log() const { return read_file(dir_.file("log")); }
void RegistryServer::stop() { process_->stop(); }

// JSON is YAML, and needs no quoting of ours.
std::string RegistryServer::write_config() const {
    json config{
        {"version", "0.1"},
        {"log", {{"level", "warn"}, {"accesslog", {{"disabled", true}}}}},
        {"storage",
         {{"filesystem", {{"rootdirectory", dir_.file("storage")}}},
          {"delete", {{"enabled", true}}},
          {"maintenance", {{"uploadpurging", {{"enabled", false}}}}}}},
        {"http",
         {{"addr", host()},
          {"secret", "test-secret-not-real"},
          {"relativeurls", options_.relative_links}}}};
    if (options_.tls) {
        config["http"]["tls"] = {
            {"certificate", options_.tls->certificate}, {"key", options_.tls->key}};
        if (!options_.client_ca.empty()) {
            config["http"]["tls"]["clientcas"] = {options_.client_ca};
        }
    }
    if (options_.htpasswd) {
        config["auth"]["htpasswd"] = {{"realm", "test"}, {"path", dir_.file("htpasswd")}};
    }
    if (options_.token) {
        config["auth"]["token"] = {
            {"realm", options_.token->realm},
            {"service", options_.token->service},
            {"issuer", options_.token->issuer},
            {"rootcertbundle", options_.token->root_certificate}};
    }
    if (!options_.notify_url.empty()) {
        json endpoint{
            {"name", "linkspan"},
            {"url", options_.notify_url},
            {"timeout", "60s"},
            {"threshold", 3},
            {"backoff", "1s"},
        };
        if (!options_.notify_authorization.empty()) {
            endpoint["headers"] = {{"Authorization", {options_.notify_authorization}}};
        }
        config["notifications"]["endpoints"] = json::array({endpoint});
    }
    return dir_.write("config.yml", config.dump(2));
}

bool RegistryServer::answers() const {
    // Without its CA or a certificate, a TLS server that is up refuses us by name.
    HttpClient client;
    HttpRequest request;
    request.url = url() + "/v2/";
    request.timeout = std::chrono::seconds{20};
    const auto response = client.send(request);
    if (response.has_value()) return true;
    return options_.tls && response.error().message.find("SSL") != std::string::npos;
}

void RegistryServer::push(
    const std::string& layout,
    const std::string& layout_tag,
    const std::string& repository,
    const std::string& tag
) const {
    std::vector<std::string> argv{
        "skopeo",
        "--tmpdir",
        dir_.path(),
        "copy",
        "--insecure-policy",
        "--all",
        "--preserve-digests",
        "--quiet",
        "--dest-tls-verify=false",
        "--authfile",
        dir_.write("auth.json", "{}"),
    };
    if (options_.htpasswd) {
        argv.push_back("--dest-creds");
        argv.push_back(options_.htpasswd->user + ":" + options_.htpasswd->password);
    } else if (options_.token) {
        argv.push_back("--dest-creds");
        argv.push_back("pusher:test-secret-not-real");
    }
    argv.push_back("oci:" + layout + ":" + layout_tag);
    argv.push_back("docker://" + host() + "/" + repository + ":" + tag);
    run_ok(argv);
}

OciImage RegistryServer::push(const std::string& repository, const OciImageSpec& image) const {
    const TempDir layout;
    auto written = write_oci_layout(layout.path(), image);
    push(layout.path(), image.tag, repository, image.tag);
    return written;
}

std::string RegistryServer::put_blob(const std::string& repository, const std::string& bytes)
    const {
    HttpClient client;
    HttpRequest start;
    start.method = "POST";
    start.url = fmt::format("{}/v2/{}/blobs/uploads/", url(), repository);
    const auto upload = client.send(start);
    const auto location =
        upload.has_value() ? upload->header("Location") : std::optional<std::string_view>{};
    if (!location) throw std::runtime_error{"no upload: " + start.url};
    const std::string digest = sha256_digest(bytes);
    HttpRequest put;
    put.method = "PUT";
    put.url = std::string{*location} + "&digest=" + digest;
    put.headers = {{"Content-Type", "application/octet-stream"}};
    put.body = bytes;
    const auto answer = client.send(put);
    if (answer.has_error() || answer->status != 201) {
        throw std::runtime_error{"can't put blob " + digest};
    }
    return digest;
}

std::string RegistryServer::put_manifest(
    const std::string& repository,
    const std::string& tag,
    const std::string& media_type,
    const std::string& bytes
) const {
    HttpClient client;
    HttpRequest put;
    put.method = "PUT";
    put.url = fmt::format("{}/v2/{}/manifests/{}", url(), repository, tag);
    put.headers = {{"Content-Type", media_type}};
    put.body = bytes;
    const auto answer = client.send(put);
    if (answer.has_error() || answer->status != 201) {
        throw std::runtime_error{
            "can't put manifest " + put.url + (answer.has_value() ? ": " + answer->body : "")};
    }
    return sha256_digest(bytes);
}

std::string RegistryServer::tag_directory(const std::string& repository, const std::string& tag)
    const {
    return fmt::format(
        "{}/docker/registry/v2/repositories/{}/_manifests/tags/{}",
        dir_.file("storage"),
        repository,
        tag
    );
}

void RegistryServer::add_tags(
    const std::string& repository, const std::string& tag, const std::vector<std::string>& more
) const {
    const std::string digest = read_file(tag_directory(repository, tag) + "/current/link");
    const std::string hex = digest.substr(digest.find(':') + 1);
    for (const auto& name : more) {
        const std::string directory = tag_directory(repository, name);
        const std::string index = directory + "/index/sha256/" + hex;
        std::filesystem::create_directories(directory + "/current");
        std::filesystem::create_directories(index);
        write_file(index + "/link", digest);
        write_file(directory + "/current/link", digest);
    }
}

void RegistryServer::remove_tag(const std::string& repository, const std::string& tag) const {
    std::filesystem::remove_all(tag_directory(repository, tag));
}

}  // namespace linkspan::support
