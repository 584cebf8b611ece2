// Receivers: the configured receivers, with what verifying needs from outside attached: issuers'
// keys, SNS's certificates.
//
// Lives on the io_context thread; what blocks runs on a pool of its own, so that a slow issuer
// delays no registry call.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "webhooks/delivery.h"
#include "webhooks/receiver.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace linkspan::trust {
class IssuerKeys;
class SnsCertificates;
}  // namespace linkspan::trust

namespace linkspan::pipeline {

using ReceiverPtr = std::shared_ptr<const webhooks::Receiver>;

class Receivers {
public:
    explicit Receivers(const config::Config& config);
    ~Receivers();
    Receivers(const Receivers&) = delete;
    Receivers& operator=(const Receivers&) = delete;

    // Issuers that stay keep their keys.
    void use(const config::Config& config);
    [[nodiscard]] ReceiverPtr find(std::string_view name) const;  // null when there is none

    // webhooks::verify(), with keys fetched where they are missing. Errors: Unauthorized, and
    // Unavailable when an issuer's keys could never be fetched.
    boost::asio::awaitable<Result<webhooks::VerifiedDelivery>> verify(
        webhooks::RawDelivery delivery, ReceiverPtr receiver
    );
    // Tells Amazon SNS that the subscription is wanted.
    boost::asio::awaitable<Status> confirm_subscription(std::string url);

private:
    boost::asio::awaitable<Result<webhooks::VerifiedDelivery>> verify_with_keys(
        webhooks::RawDelivery delivery, ReceiverPtr receiver
    );
    std::shared_ptr<trust::IssuerKeys> keys_of(const webhooks::Receiver& receiver) const;

    std::map<std::string, ReceiverPtr, std::less<>> receivers_;
    std::map<std::string, std::shared_ptr<trust::IssuerKeys>, std::less<>> issuers_;
    std::shared_ptr<trust::SnsCertificates> certificates_;
    // Apart, so that whoever names SNS URLs keeps no issuer's keys waiting.
    boost::asio::thread_pool issuer_pool_{2};
    boost::asio::thread_pool sns_pool_{1};
    std::size_t fetching_certificates_ = 0;
};

}  // namespace linkspan::pipeline
