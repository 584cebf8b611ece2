// registries: how to ask a registry what a tag is.
#include "config/rule.h"
#include "config/sections.h"

namespace linkspan::config {

namespace {

const Mapping<Registry>& credentials_mapping() {
    static const Mapping<Registry> mapping{
        "registry_credentials",
        "A user and password, or a Docker configuration that holds them.",
        [](Mapping<Registry>& m) {
            m.file(
                "docker_config",
                &Registry::docker_config,
                "File like ~/.docker/config.json with \"auths\"."
            );
            m.text("username", &Registry::username, "User or robot account.", rule::line);
            m.secret("password", &Registry::password, "Password or token.");
            m.check([](Reader& reader, const Node& node, Registry&) {
                const Node* const docker = node.find("docker_config");
                const bool user = node.find("username") != nullptr;
                const bool password = node.find("password") != nullptr;
                if (docker != nullptr && (user || password)) {
                    reader.problem(
                        docker->mark,
                        "give \"docker_config\", or \"username\" and \"password\", not both"
                    );
                } else if (docker == nullptr && (!user || !password) && (user || password)) {
                    reader.problem(
                        node.mark, user ? "missing \"password\"" : "missing \"username\""
                    );
                } else if (docker == nullptr && !user && !password) {
                    reader.problem(
                        node.mark, "give \"docker_config\", or \"username\" and \"password\""
                    );
                }
            });
        }};
    return mapping;
}

}  // namespace

const Mapping<Registry>& registry_mapping() {
    static const Mapping<Registry> mapping{
        "registry",
        "How to ask one registry. A registry that is not listed is asked over HTTPS without "
        "credentials.",
        [](Mapping<Registry>& m) {
            m.text("host", &Registry::host, "Host, as image names have it.", rule::registry_host)
                .required();
            m.boolean("insecure", &Registry::insecure, "Plain HTTP.");
            m.file("ca_file", &Registry::ca_file, "PEM file with the authorities to trust.");
            m.mapping(
                "credentials",
                [](Registry& r) -> Registry& { return r; },
                "None: anonymous.",
                credentials_mapping()
            );
            m.text(
                "endpoint",
                &Registry::endpoint,
                "Where its API answers, when that is not https://host.",
                rule::http_url
            );
            m.duration(
                "timeout",
                &Registry::timeout,
                "How long one call may take.",
                {.least = 1000, .most = 600'000}
            );
            m.file(
                "client_certificate",
                &Registry::client_certificate,
                "PEM file with the certificate to show, for a registry that asks for one."
            );
            m.file(
                "client_key",
                &Registry::client_key,
                "PEM file with its key. None: the key is in client_certificate."
            );
            m.text(
                "proxy",
                &Registry::proxy,
                "Proxy to go through; NO_PROXY is honoured. None: as HTTPS_PROXY and its like say.",
                rule::http_url
            );
            m.integer(
                "max_tags",
                &Registry::max_tags,
                "A longer list of tags is cut, and the trail says so.",
                {.least = 1, .most = 10'000'000}
            );
            m.integer(
                "requests_per_second",
                &Registry::requests_per_second,
                "The most requests in a second; 20 may come together. 0: no limit.",
                {.least = 0, .most = 10'000}
            );
            m.integer(
                "concurrency",
                &Registry::concurrency,
                "The most requests at once.",
                {.least = 1, .most = 256}
            );
            m.duration(
                "poll",
                &Registry::poll,
                "How often its images are asked for new tags, for a registry that can't call. 0: "
                "never.",
                {.least = 0, .most = 30ULL * 24 * 3'600'000}
            );
            m.duration(
                "resync",
                &Registry::resync,
                "How old a list of all tags of an image may be before it is taken again, in the "
                "background. 0: as old as it gets.",
                {.least = 0, .most = 365ULL * 24 * 3'600'000}
            );
            m.check([](Reader& reader, const Node& node, Registry& registry) {
                const Node* const key = node.find("client_key");
                if (key != nullptr && node.find("client_certificate") == nullptr) {
                    reader.problem(key->mark, "missing \"client_certificate\", which it is for");
                }
                const Node* const endpoint = node.find("endpoint");
                if (endpoint != nullptr && registry.insecure &&
                    registry.endpoint.starts_with("https://")) {
                    reader.problem(
                        endpoint->mark, "is HTTPS, but \"insecure\" asks for plain HTTP"
                    );
                }
            });
        }};
    return mapping;
}

}  // namespace linkspan::config
