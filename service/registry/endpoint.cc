#include "service/registry/endpoint.h"

#include "service/registry/client.h"

#include <fmt/format.h>

namespace linkspan::registry {

Result<Endpoint> Endpoint::make(const RegistryOptions& options) {
    std::string text = options.endpoint;
    if (text.empty()) {
        const std::string host =
            options.host == "docker.io" ? "registry-1.docker.io" : options.host;
        text = (options.insecure ? "http://" : "https://") + host;
    }
    auto base = transport::Url::parse(text);
    if (base.has_error()) {
        return base.error().within(fmt::format("registry {}: endpoint", options.host));
    }
    if (!base->query().empty()) {
        return Error{
            Errc::InvalidInput,
            fmt::format("registry {}: endpoint: must not have a query", options.host)};
    }
    return Endpoint{std::move(*base)};
}

std::string Endpoint::url(std::string_view repository, std::string_view rest) const {
    std::string_view base = base_.str();
    while (!base.empty() && base.back() == '/') base.remove_suffix(1);
    return fmt::format("{}/v2/{}/{}", base, repository, rest);
}

bool Endpoint::trusts(const transport::Url& other) const {
    if (other.is_https()) return true;
    return !base_.is_https() && other.host() == base_.host();
}

}  // namespace linkspan::registry
