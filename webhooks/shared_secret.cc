#include "webhooks/shared_secret.h"

#include "core/base64.h"
#include "webhooks/form.h"
#include "webhooks/hash.h"
#include "webhooks/text.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace linkspan::webhooks {
namespace {

std::string hex_hmac(const Secret& secret, std::string_view bytes) {
    return to_hex(hmac(HashAlgorithm::Sha256, secret.reveal(), bytes));
}

std::optional<std::int64_t> decimal(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// The value of `name` in "name=value,other=value"; values may be in double quotes.
std::optional<std::string_view> parameter(std::string_view list, std::string_view name) {
    while (!list.empty()) {
        const auto equals = list.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view key = trim(list.substr(0, equals));
        list.remove_prefix(equals + 1);
        std::string_view value;
        if (list.starts_with('"')) {
            const auto quote = list.find('"', 1);
            if (quote == std::string_view::npos) return std::nullopt;
            value = list.substr(1, quote - 1);
            list.remove_prefix(quote + 1);
        } else {
            value = trim(list.substr(0, list.find(',')));
        }
        if (key == name) return value;
        const auto comma = list.find(',');
        if (comma == std::string_view::npos) return std::nullopt;
        list.remove_prefix(comma + 1);
    }
    return std::nullopt;
}

}  // namespace

std::optional<bool> is_recent(
    std::string_view seconds,
    std::chrono::system_clock::time_point now,
    std::chrono::seconds tolerance
) {
    const auto sent = decimal(seconds);
    if (!sent) return std::nullopt;
    if (tolerance.count() == 0) return true;
    const std::int64_t at =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    // Compared without subtracting from what the caller chose, which could overflow.
    return *sent >= at - tolerance.count() && *sent <= at + tolerance.count();
}

// RFC 6750; the scheme's name has no case (RFC 9110, 11.1). Registries let an administrator write
// the whole header, so the secret may be the whole value as well.
Verdict check_bearer(const RawDelivery& delivery, const Secrets& secrets) {
    const auto header = delivery.headers.get("Authorization");
    if (!header) return Verdict::absent("no Authorization header");
    constexpr std::string_view kScheme = "bearer ";
    std::string_view token = *header;
    if (starts_with_ignoring_case(token, kScheme)) token = trim(token.substr(kScheme.size()));
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        const bool whole = secret.equals(*header);
        const bool bearer = secret.equals(token);
        return whole || bearer;
    });
    if (!match) return Verdict::refused("the Authorization header is not the receiver's secret");
    return Verdict::passed();
}

Verdict check_header(const RawDelivery& delivery, std::string_view header, const Secrets& secrets) {
    const auto value = delivery.headers.get(header);
    if (!value) return Verdict::absent(fmt::format("no {} header", header));
    if (!any_secret(secrets, [&](const Secret& secret) { return secret.equals(*value); })) {
        return Verdict::refused(fmt::format("the {} header is not the receiver's secret", header));
    }
    return Verdict::passed();
}

Verdict check_basic(
    const RawDelivery& delivery, std::string_view username, const Secrets& secrets
) {
    const auto header = delivery.headers.get("Authorization");
    constexpr std::string_view kScheme = "basic ";
    if (!header || !starts_with_ignoring_case(*header, kScheme)) {
        return Verdict::absent("no basic credentials");
    }
    const auto pair = from_base64(trim(header->substr(kScheme.size())));
    const auto colon = pair ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) return Verdict::refused("the basic credentials are malformed");
    const std::string_view password = std::string_view{*pair}.substr(colon + 1);
    const bool right_name =
        username.empty() || equal_constant_time(username, std::string_view{*pair}.substr(0, colon));
    const bool right_password =
        any_secret(secrets, [&](const Secret& secret) { return secret.equals(password); });
    if (!right_name || !right_password) return Verdict::refused("the basic credentials are wrong");
    return Verdict::passed();
}

Verdict check_token(const RawDelivery& delivery, const Secrets& secrets) {
    std::vector<std::string> shown;
    if (!delivery.path_token.empty()) shown.push_back(delivery.path_token);
    for (const std::string_view name : {"token", "secret", "access_token"}) {
        if (auto value = form_field(delivery.query, name)) shown.push_back(std::move(*value));
    }
    if (shown.empty()) return Verdict::absent("no token in the URL");
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        bool found = false;
        for (const std::string& token : shown) {
            const bool equal = secret.equals(token);
            found = found || equal;
        }
        return found;
    });
    if (!match) return Verdict::refused("the token in the URL is not the receiver's secret");
    return Verdict::passed();
}

Verdict check_hmac(const RawDelivery& delivery, const Recipe& recipe, const Secrets& secrets) {
    const auto header = delivery.headers.get(recipe.header);
    if (!header) return Verdict::absent(fmt::format("no {} header", recipe.header));
    if (!header->starts_with(recipe.prefix)) {
        return Verdict::refused(
            fmt::format("the {} header does not begin with {}", recipe.header, recipe.prefix)
        );
    }
    const std::string_view signature = header->substr(recipe.prefix.size());
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        const std::string code = hmac(recipe.hash, secret.reveal(), delivery.body);
        const std::string expected =
            recipe.encoding == SignatureEncoding::Hex ? to_hex(code) : to_base64(code);
        return equal_constant_time(expected, signature);
    });
    if (!match) return Verdict::refused(fmt::format("the signature in {} is wrong", recipe.header));
    return Verdict::passed();
}

Verdict check_circleci(const RawDelivery& delivery, const Secrets& secrets) {
    const auto header = delivery.headers.get("circleci-signature");
    if (!header) return Verdict::absent("no circleci-signature header");
    const auto signature = parameter(*header, "v1");
    if (!signature) return Verdict::refused("no v1 in the circleci-signature header");
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        return equal_constant_time(hex_hmac(secret, delivery.body), *signature);
    });
    if (!match) return Verdict::refused("the signature in circleci-signature is wrong");
    return Verdict::passed();
}

std::optional<std::string> buildkite_signed_text(const RawDelivery& delivery) {
    const auto header = delivery.headers.get("X-Buildkite-Signature");
    const auto timestamp = header ? parameter(*header, "timestamp") : std::nullopt;
    if (!timestamp) return std::nullopt;
    return fmt::format("{}.{}", *timestamp, delivery.body);
}

Verdict check_buildkite(
    const RawDelivery& delivery, std::chrono::seconds tolerance, const Secrets& secrets
) {
    const auto header = delivery.headers.get("X-Buildkite-Signature");
    if (!header) return Verdict::absent("no X-Buildkite-Signature header");
    const auto timestamp = parameter(*header, "timestamp");
    const auto signature = parameter(*header, "signature");
    if (!timestamp || !signature) {
        return Verdict::refused("the X-Buildkite-Signature header is malformed");
    }
    const auto recent = is_recent(*timestamp, delivery.received_at, tolerance);
    if (!recent) return Verdict::refused("the timestamp in X-Buildkite-Signature is no number");
    const auto signed_text = buildkite_signed_text(delivery);
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        return equal_constant_time(hex_hmac(secret, signed_text.value_or("")), *signature);
    });
    if (!match) return Verdict::refused("the signature in X-Buildkite-Signature is wrong");
    if (!*recent) {
        return Verdict::refused("the timestamp in X-Buildkite-Signature is too far from now");
    }
    return Verdict::passed();
}

std::optional<std::string> drone_signed_text(const RawDelivery& delivery) {
    const auto date = delivery.headers.get("Date");
    const auto digest = delivery.headers.get("Digest");
    if (!date || !digest) return std::nullopt;
    return fmt::format("date: {}\ndigest: {}", *date, *digest);
}

Verdict check_drone(const RawDelivery& delivery, const Secrets& secrets) {
    const auto header = delivery.headers.get("Signature");
    if (!header) return Verdict::absent("no Signature header");
    const auto algorithm = parameter(*header, "algorithm");
    const auto covered = parameter(*header, "headers");
    const auto signature = parameter(*header, "signature");
    // Fewer headers would leave the body out; more than these two no Drone sends.
    if (algorithm != "hmac-sha256" || covered != "date digest" || !signature) {
        return Verdict::refused("the Signature header is not Drone's");
    }
    const auto date = delivery.headers.get("Date");
    const auto digest = delivery.headers.get("Digest");
    if (!date || !digest) return Verdict::refused("no Date or no Digest header");
    if (!equal_constant_time("SHA-256=" + to_base64(sha256(delivery.body)), *digest)) {
        return Verdict::refused("the Digest header is not that of the body");
    }
    const auto signed_text = drone_signed_text(delivery);
    const bool match = any_secret(secrets, [&](const Secret& secret) {
        const std::string code =
            hmac(HashAlgorithm::Sha256, secret.reveal(), signed_text.value_or(""));
        return equal_constant_time(to_base64(code), *signature);
    });
    if (!match) return Verdict::refused("the signature in Signature is wrong");
    return Verdict::passed();
}

}  // namespace linkspan::webhooks
