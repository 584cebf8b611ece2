// SnsCertificates: Amazon's signing certificates by URL, fetched once and kept; and the one call
// that confirms a subscription.
//
// Only URLs that webhooks::sns::is_trusted_url() lets through are ever called. certificate() never
// blocks; the other two block: call them on a pool.
#pragma once

#include "core/result.h"
#include "service/transport/http_client.h"
#include "webhooks/receiver.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::trust {

class SnsCertificates final : public webhooks::CertificateSource {
public:
    SnsCertificates() = default;

    [[nodiscard]] std::optional<std::string> certificate(std::string_view url) const override;
    // Errors: Unauthorized for a URL that is not the provider's; those of the transport.
    Status fetch(const std::string& url);
    Status confirm(const std::string& url);

private:
    Result<std::string> get(const std::string& url);

    transport::HttpClient client_;
    mutable std::mutex mutex_;  // guards certificates_
    std::map<std::string, std::string, std::less<>> certificates_;
};

}  // namespace linkspan::trust
