// SnsCertificates: Amazon's signing certificates by URL, fetched once and kept; and the one call
// that confirms a subscription.
//
// Only URLs that webhooks::sns::is_trusted_url() lets through are ever called. certificate() never
// blocks; the other two block: call them on a pool.
#pragma once

#include "core/result.h"
#include "service/transport/http_client.h"
#include "webhooks/receiver.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::trust {

class SnsCertificates final : public webhooks::CertificateSource {
public:
    SnsCertificates() = default;

    [[nodiscard]] std::optional<std::string> certificate(std::string_view url) const override;
    // One at a time, at most kMostTries in kInterval, and not again so soon for a URL that failed:
    // whoever can reach the receiver can name URLs. Errors: Unauthorized for a URL that is not the
    // provider's; RateLimited; InvalidInput for what is no certificate; those of the transport.
    Status fetch(const std::string& url);
    Status confirm(const std::string& url);

    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kInterval{60};
    static constexpr std::size_t kMostTries = 6;

private:
    Status allow(const std::string& url);
    Result<std::string> get(const std::string& url);

    transport::HttpClient client_;
    mutable std::mutex mutex_;  // guards the three below
    std::map<std::string, std::string, std::less<>> certificates_;
    std::vector<Clock::time_point> tries_;             // within kInterval
    std::map<std::string, Clock::time_point> failed_;  // within kInterval
    std::mutex fetching_;                              // one fetch at a time
};

}  // namespace linkspan::trust
