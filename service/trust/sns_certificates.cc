#include "service/trust/sns_certificates.h"

#include "webhooks/public_key.h"
#include "webhooks/sns.h"

#include <fmt/format.h>

#include <utility>

namespace linkspan::trust {
namespace {

constexpr std::size_t kMaxCertificates = 64;  // a region has one or two at a time
constexpr std::size_t kMaxAnswer = 64 << 10;

}  // namespace

std::optional<std::string> SnsCertificates::certificate(std::string_view url) const {
    const std::lock_guard lock{mutex_};
    const auto found = certificates_.find(url);
    if (found == certificates_.end()) return std::nullopt;
    return found->second;
}

Status SnsCertificates::fetch(const std::string& url) {
    const std::lock_guard one_at_a_time{fetching_};
    if (certificate(url)) return {};
    if (auto allowed = allow(url); allowed.has_error()) return allowed;
    auto pem = get(url);
    if (pem.has_value() && webhooks::PublicKey::of_certificate(*pem).has_error()) {
        pem = Error{Errc::InvalidInput, "what Amazon SNS sent is no certificate"};
    }
    const std::lock_guard lock{mutex_};
    if (pem.has_error()) {
        failed_.insert_or_assign(url, Clock::now());
        return pem.error();
    }
    if (certificates_.size() >= kMaxCertificates) certificates_.erase(certificates_.begin());
    certificates_.insert_or_assign(url, std::move(*pem));
    return {};
}

Status SnsCertificates::allow(const std::string& url) {
    const std::lock_guard lock{mutex_};
    const auto now = Clock::now();
    std::erase_if(tries_, [&](auto then) { return now - then > kInterval; });
    std::erase_if(failed_, [&](const auto& one) { return now - one.second > kInterval; });
    if (failed_.contains(url) || tries_.size() >= kMostTries) {
        return Error{Errc::RateLimited, "certificates were asked for too often of late"};
    }
    tries_.push_back(now);
    return {};
}

Status SnsCertificates::confirm(const std::string& url) {
    LINKSPAN_TRY(answer, get(url));
    (void)answer;
    return {};
}

Result<std::string> SnsCertificates::get(const std::string& url) {
    if (!webhooks::sns::is_trusted_url(url)) {
        return Error{Errc::Unauthorized, "the address is not one of Amazon SNS"};
    }
    transport::HttpRequest request;
    request.url = url;
    request.timeout = std::chrono::seconds{5};
    request.max_response = kMaxAnswer;
    LINKSPAN_TRY(answer, client_.send(request));
    if (answer.status != 200) {
        return Error{Errc::Unavailable, fmt::format("Amazon SNS answered {}", answer.status)};
    }
    return std::move(answer.body);
}

}  // namespace linkspan::trust
