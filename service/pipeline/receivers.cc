#include "service/pipeline/receivers.h"

#include "service/runtime/blocking.h"
#include "service/trust/issuer_keys.h"
#include "service/trust/sns_certificates.h"
#include "webhooks/allowed.h"
#include "webhooks/sns.h"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

// Deliveries that may wait for a certificate at a time; the others are answered 503, and SNS sends
// them again.
constexpr std::size_t kMostWaiting = 8;

// Google's tokens name their issuer with or without the scheme; its documents are at the one with
// it.
std::string address_of(const std::string& issuer) {
    return issuer == "accounts.google.com" ? "https://accounts.google.com" : issuer;
}

// The certificate to fetch: only for a topic that the receiver names. Anybody can write the rest of
// an envelope.
std::optional<std::string> wanted_certificate(
    const webhooks::RawDelivery& delivery, const webhooks::Receiver& receiver
) {
    const auto message = webhooks::sns::read(delivery);
    if (!message || message->has_error()) return std::nullopt;
    const auto& topics = receiver.auth.sns.topics;
    const bool ours = std::any_of(topics.begin(), topics.end(), [&](const auto& pattern) {
        return webhooks::glob_matches(pattern, (*message)->topic);
    });
    return ours ? webhooks::sns::certificate_url(delivery) : std::nullopt;
}

}  // namespace

Receivers::Receivers(const config::Config& config)
    : certificates_{std::make_shared<trust::SnsCertificates>()} {
    use(config);
}

Receivers::~Receivers() {
    issuer_pool_.join();
    sns_pool_.join();
}

void Receivers::use(const config::Config& config) {
    std::map<std::string, ReceiverPtr, std::less<>> receivers;
    std::map<std::string, std::shared_ptr<trust::IssuerKeys>, std::less<>> issuers;
    for (const auto& configured : config.receivers) {
        auto receiver = std::make_shared<webhooks::Receiver>(configured);
        auto& oidc = receiver->auth.oidc;
        if (!oidc.issuer.empty()) {
            auto& keys = issuers[oidc.issuer];
            if (!keys) {
                const auto known = issuers_.find(oidc.issuer);
                keys = known != issuers_.end()
                           ? known->second
                           : std::make_shared<trust::IssuerKeys>(
                                 address_of(oidc.issuer), transport::HttpClientOptions{}
                             );
            }
            oidc.keys = keys;
        }
        if (!receiver->auth.sns.topics.empty()) receiver->auth.sns.certificates = certificates_;
        receivers.emplace(receiver->name, std::move(receiver));
    }
    receivers_ = std::move(receivers);
    issuers_ = std::move(issuers);
}

ReceiverPtr Receivers::find(std::string_view name) const {
    const auto found = receivers_.find(name);
    return found == receivers_.end() ? nullptr : found->second;
}

std::shared_ptr<trust::IssuerKeys> Receivers::keys_of(const webhooks::Receiver& receiver) const {
    const auto found = issuers_.find(receiver.auth.oidc.issuer);
    return found == issuers_.end() ? nullptr : found->second;
}

asio::awaitable<Result<webhooks::VerifiedDelivery>> Receivers::verify(
    webhooks::RawDelivery delivery, ReceiverPtr receiver
) {
    const auto& auth = receiver->auth;
    // Nearly all receivers: nothing outside is ever needed.
    if (!auth.oidc.keys && !auth.sns.certificates) {
        co_return webhooks::verify(std::move(delivery), *receiver);
    }
    co_return co_await verify_with_keys(std::move(delivery), std::move(receiver));
}

asio::awaitable<Result<webhooks::VerifiedDelivery>> Receivers::verify_with_keys(
    webhooks::RawDelivery delivery, ReceiverPtr receiver
) {
    if (receiver->auth.sns.certificates) {
        const auto url = wanted_certificate(delivery, *receiver);
        if (url && !certificates_->certificate(*url) && fetching_certificates_ < kMostWaiting) {
            auto fetch = [certificates = certificates_, url = *url] {
                return certificates->fetch(url);
            };
            ++fetching_certificates_;
            auto fetched = co_await runtime::blocking(sns_pool_, std::move(fetch));
            --fetching_certificates_;
            if (fetched.has_error()) {
                spdlog::warn("receiver {}: {}", receiver->name, fetched.error().message);
            }
        }
    }
    auto first = webhooks::verify(delivery, *receiver);
    const auto keys = keys_of(*receiver);
    if (!keys) co_return first;
    const auto now = trust::IssuerKeys::Clock::now();
    if (first.has_value()) {
        if (keys->old(now)) {
            // Beside, not before, the answer.
            asio::post(issuer_pool_, [keys, now] {
                if (auto status = keys->refresh(now); status.has_error()) {
                    spdlog::warn("{}", status.error().message);
                }
            });
        }
        co_return first;
    }
    const auto kind = first.error().kind;
    if (kind != Errc::NotFound && kind != Errc::Unavailable) co_return first;
    auto refresh = [keys, now] { return keys->refresh(now); };
    auto refreshed = co_await runtime::blocking(issuer_pool_, std::move(refresh));
    if (refreshed.has_error()) {
        spdlog::warn("receiver {}: {}", receiver->name, refreshed.error().message);
    }
    co_return webhooks::verify(std::move(delivery), *receiver);
}

asio::awaitable<Status> Receivers::confirm_subscription(std::string url) {
    auto confirm = [certificates = certificates_, url = std::move(url)] {
        return certificates->confirm(url);
    };
    auto confirmed = co_await runtime::blocking(sns_pool_, std::move(confirm));
    if (confirmed.has_value()) spdlog::info("SNS subscription confirmed");
    co_return confirmed;
}

}  // namespace linkspan::pipeline
