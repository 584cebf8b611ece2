#include "service/notify/signing.h"

#include "webhooks/base64.h"
#include "webhooks/hash.h"

#include <fmt/format.h>

namespace linkspan::notify {

std::string hmac_sha256_header(const Secret& secret, std::string_view body) {
    using webhooks::HashAlgorithm;
    return "sha256=" +
           webhooks::to_hex(webhooks::hmac(HashAlgorithm::Sha256, secret.reveal(), body));
}

Status sign_standard(
    transport::HttpRequest& request,
    const Secret& secret,
    const std::string& id,
    std::chrono::system_clock::time_point now
) {
    constexpr std::string_view kPrefix = "whsec_";
    std::string_view text = secret.reveal();
    if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
    const auto key = webhooks::from_base64_loosely(text);
    if (!key || key->empty()) {
        return Error{
            Errc::InvalidInput,
            "the secret is not of the form whsec_ and base64, which Standard Webhooks signs with; "
            "make one with: echo whsec_$(openssl rand -base64 32)"};
    }
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::string signed_text = fmt::format("{}.{}.{}", id, seconds, request.body);
    const std::string code =
        webhooks::to_base64(webhooks::hmac(webhooks::HashAlgorithm::Sha256, *key, signed_text));
    request.headers.emplace_back("webhook-id", id);
    request.headers.emplace_back("webhook-timestamp", std::to_string(seconds));
    request.headers.emplace_back("webhook-signature", "v1," + code);
    return {};
}

}  // namespace linkspan::notify
