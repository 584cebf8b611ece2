// Endpoint: where a registry's API is, and the URLs in it.
#pragma once

#include "core/result.h"
#include "service/transport/url.h"

#include <string>
#include <string_view>

namespace linkspan::registry {

struct RegistryOptions;

class Endpoint {
public:
    // options.endpoint, or https://host (http with `insecure`). docker.io is the name of Docker Hub
    // in references; its API is at registry-1.docker.io. A plain-HTTP endpoint counts as
    // configured when it is written out as http://.
    static Result<Endpoint> make(const RegistryOptions& options);

    [[nodiscard]] const transport::Url& base() const { return base_; }
    // <base>/v2/<repository>/<rest>, repository and rest as validated elsewhere.
    [[nodiscard]] std::string url(std::string_view repository, std::string_view rest) const;
    // Whether a token may be asked for, or a redirect followed, there: any host over https; plain
    // HTTP only from a plain-HTTP registry to the same host name (on any port).
    [[nodiscard]] bool trusts(const transport::Url& other) const;

private:
    explicit Endpoint(transport::Url base) : base_{std::move(base)} {}
    transport::Url base_;
};

}  // namespace linkspan::registry
