#include "service/trust/issuer_keys.h"

#include <fmt/format.h>

#include <utility>

namespace linkspan::trust {
namespace {

constexpr std::size_t kMaxDocument = 512 << 10;  // bytes; real ones have a few thousand

std::string discovery_url(std::string issuer) {
    while (issuer.ends_with('/')) issuer.pop_back();
    return issuer + "/.well-known/openid-configuration";
}

}  // namespace

IssuerKeys::IssuerKeys(std::string issuer, transport::HttpClientOptions options)
    : issuer_{std::move(issuer)}, client_{std::move(options)} {}

std::shared_ptr<const webhooks::KeySet> IssuerKeys::current() const {
    const std::lock_guard lock{mutex_};
    if (fetched_ && Clock::now() - *fetched_ > kExpired) return nullptr;
    return keys_;
}

bool IssuerKeys::old(Clock::time_point now) const {
    const std::lock_guard lock{mutex_};
    return !fetched_ || now - *fetched_ > kOld;
}

Status IssuerKeys::refresh(Clock::time_point now) {
    const std::lock_guard one_at_a_time{fetching_};
    {
        const std::lock_guard lock{mutex_};
        std::erase_if(tries_, [&](auto then) { return now - then > kInterval; });
        if (tries_.size() >= kMostTries) return {};
        tries_.push_back(now);
    }
    auto keys = fetch();
    if (keys.has_error()) return keys.error().within("keys of " + issuer_);
    const std::lock_guard lock{mutex_};
    keys_ = std::make_shared<const webhooks::KeySet>(std::move(*keys));
    fetched_ = now;
    return {};
}

Result<webhooks::KeySet> IssuerKeys::fetch() {
    LINKSPAN_TRY(document, get(discovery_url(issuer_)));
    LINKSPAN_TRY(keys_url, webhooks::read_discovery(document, issuer_));
    LINKSPAN_TRY(keys, get(keys_url));
    return webhooks::KeySet::parse(keys);
}

Result<std::string> IssuerKeys::get(const std::string& url) {
    transport::HttpRequest request;
    request.url = url;
    request.headers = {{"Accept", "application/json"}};
    request.timeout = kTimeout;
    request.max_response = kMaxDocument;
    LINKSPAN_TRY(answer, client_.send(request));
    if (answer.status != 200) {
        return Error{Errc::Unavailable, fmt::format("{} answered {}", url, answer.status)};
    }
    return std::move(answer.body);
}

}  // namespace linkspan::trust
