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
            m.check([](Reader& reader, const Node& node, Registry& registry) {
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
