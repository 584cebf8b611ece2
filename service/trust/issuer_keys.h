// IssuerKeys: the public keys of one OIDC issuer, fetched by discovery and kept.
// https://openid.net/specs/openid-connect-discovery-1_0.html
//
// current() never blocks. refresh() blocks: call it on a pool, when a token names a key that is not
// there (keys were rotated) or when the keys are old. A caller with forged tokens can't make us ask
// more often than kLeastInterval.
#pragma once

#include "core/result.h"
#include "service/transport/http_client.h"
#include "webhooks/key_set.h"
#include "webhooks/receiver.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::trust {

class IssuerKeys final : public webhooks::KeySource {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kInterval{60};
    static constexpr std::size_t kMostTries = 4;
    // Fetched again beside the next answer.
    static constexpr std::chrono::hours kOld{1};
    // A key that the issuer took back must not count for ever: beyond this there are no keys until
    // a fetch succeeds.
    static constexpr std::chrono::hours kExpired{24};
    static constexpr std::chrono::seconds kTimeout{5};

    IssuerKeys(std::string issuer, transport::HttpClientOptions options);

    [[nodiscard]] std::shared_ptr<const webhooks::KeySet> current() const override;
    [[nodiscard]] bool old(Clock::time_point now) const;

    // Fetches unless that was tried too often of late. The last good keys stay in use when it
    // fails. Errors: those of the transport; InvalidInput for answers that are not what they should
    // be.
    Status refresh(Clock::time_point now);

private:
    Result<webhooks::KeySet> fetch();
    Result<std::string> get(const std::string& url);

    const std::string issuer_;
    transport::HttpClient client_;
    mutable std::mutex mutex_;  // guards the three below
    std::shared_ptr<const webhooks::KeySet> keys_;
    std::optional<Clock::time_point> fetched_;
    std::vector<Clock::time_point> tries_;  // within kInterval
    std::mutex fetching_;                   // one fetch at a time
};

}  // namespace linkspan::trust
