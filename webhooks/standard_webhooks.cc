#include "webhooks/standard_webhooks.h"

#include "core/base64.h"
#include "webhooks/hash.h"
#include "webhooks/public_key.h"
#include "webhooks/text.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::webhooks {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::string_view kPublicPrefix = "whpk_";

// The base64 behind the prefix, which the libraries allow to be left out. nullopt, or no bytes:
// nothing can be checked with it.
std::optional<std::string> key_bytes(const Secret& secret, std::string_view prefix) {
    std::string_view text = secret.reveal();
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    auto bytes = from_base64_loosely(text);
    if (!bytes || bytes->empty()) return std::nullopt;
    return bytes;
}

bool is_signed(const Secret& secret, std::string_view signed_text, std::string_view signatures) {
    const bool is_public = secret.reveal().starts_with(kPublicPrefix);
    const auto key = key_bytes(secret, is_public ? kPublicPrefix : kSecretPrefix);
    if (!key) return false;
    const std::string expected =
        is_public ? std::string{} : to_base64(hmac(HashAlgorithm::Sha256, *key, signed_text));
    bool found = false;
    while (!signatures.empty()) {
        const auto blank = signatures.find(' ');
        const std::string_view one = signatures.substr(0, blank);
        const auto comma = one.find(',');
        const std::string_view version = one.substr(0, comma);
        const std::string_view value =
            comma == std::string_view::npos ? std::string_view{} : one.substr(comma + 1);
        if (!is_public && version == "v1") {
            const bool match = equal_constant_time(expected, value);
            found = found || match;
        } else if (is_public && version == "v1a" && !found) {
            const auto signature = from_base64(value);
            found = signature && verify_ed25519(*key, signed_text, *signature);
        }
        if (blank == std::string_view::npos) break;
        signatures.remove_prefix(blank + 1);
    }
    return found;
}

}  // namespace

Verdict check_standard_webhooks(
    const RawDelivery& delivery, std::chrono::seconds tolerance, const Secrets& secrets
) {
    const auto id = delivery.headers.get("webhook-id");
    const auto timestamp = delivery.headers.get("webhook-timestamp");
    const auto signatures = delivery.headers.get("webhook-signature");
    if (!signatures) return Verdict::absent("no webhook-signature header");
    if (!id || id->empty()) return Verdict::refused("no webhook-id header");
    if (!timestamp) return Verdict::refused("no webhook-timestamp header");
    const auto recent = is_recent(*timestamp, delivery.received_at, tolerance);
    if (!recent) return Verdict::refused("the webhook-timestamp header is no number");
    const std::string signed_text = fmt::format("{}.{}.{}", *id, *timestamp, delivery.body);
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        return is_signed(secret, signed_text, *signatures);
    });
    if (!match) return Verdict::refused("no signature in webhook-signature is right");
    if (!*recent) return Verdict::refused("webhook-timestamp is too far from now");
    return Verdict::passed();
}

}  // namespace linkspan::webhooks
