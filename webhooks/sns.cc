#include "webhooks/sns.h"

#include "core/base64.h"
#include "webhooks/form.h"
#include "webhooks/json_view.h"
#include "webhooks/public_key.h"
#include "webhooks/text.h"
#include "webhooks/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::webhooks::sns {
namespace {

constexpr std::string_view kNotification = "Notification";
constexpr std::string_view kSubscription = "SubscriptionConfirmation";
constexpr std::string_view kUnsubscribe = "UnsubscribeConfirmation";
constexpr std::string_view kPem = "-----BEGIN CERTIFICATE-----";

bool is_region_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

Result<std::string> required(const JsonView& root, std::string_view name) {
    LINKSPAN_TRY(said, root[name].required_text());
    return std::move(said.text);
}

Result<Message> read_message(const JsonView& root) {
    Message message;
    const std::pair<std::string_view, std::string*> always[] = {
        {"Type", &message.type},
        {"MessageId", &message.id},
        {"TopicArn", &message.topic},
        {"Timestamp", &message.timestamp},
        {"Signature", &message.signature},
        {"SignatureVersion", &message.signature_version},
        {"SigningCertURL", &message.certificate_url},
    };
    for (const auto& [name, field] : always) {
        auto value = required(root, name);
        if (value.has_error()) return value.error();
        *field = std::move(*value);
    }
    if (!root["Message"].is_string()) return root["Message"].wrong("missing");
    message.message = root["Message"].text().value_or("");
    message.subject = root["Subject"].text();
    if (message.type == kSubscription || message.type == kUnsubscribe) {
        LINKSPAN_TRY(token, required(root, "Token"));
        LINKSPAN_TRY(url, required(root, "SubscribeURL"));
        message.token = std::move(token);
        message.subscribe_url = std::move(url);
    } else if (message.type != kNotification) {
        return root["Type"].wrong("is not one that Amazon SNS sends");
    }
    return message;
}

bool is_pem_url(std::string_view url) {
    return is_trusted_url(url) && url.ends_with(".pem") &&
           url.find_first_of("?#") == std::string_view::npos;
}

Result<std::string> certificate_for(
    const Message& message, const SnsRules& rules, const Secrets& secrets
) {
    if (!is_pem_url(message.certificate_url)) {
        return Error{Errc::Unauthorized, "SigningCertURL is not at sns.<region>.amazonaws.com"};
    }
    for (const Secret& secret : secrets) {
        if (secret.reveal().find(kPem) != std::string::npos) return secret.reveal();
    }
    auto pem = rules.certificates ? rules.certificates->certificate(message.certificate_url)
                                  : std::nullopt;
    if (!pem) {
        return Error{
            Errc::Unavailable,
            fmt::format("the certificate {} is not there yet", message.certificate_url)};
    }
    return std::move(*pem);
}

}  // namespace

std::optional<Result<Message>> read(const RawDelivery& delivery) {
    const auto document = JsonDocument::parse(delivery.body);
    if (document.has_error()) return std::nullopt;
    const JsonView root = document->root();
    const bool is_envelope =
        delivery.headers.get("x-amz-sns-message-type") && root["Type"].exists();
    if (!is_envelope && !(root["Type"].exists() && root["TopicArn"].exists())) return std::nullopt;
    return read_message(root);
}

std::string signed_text(const Message& message) {
    std::string text;
    const auto add = [&](std::string_view key, std::string_view value) {
        text.append(key).append("\n").append(value).append("\n");
    };
    add("Message", message.message);
    add("MessageId", message.id);
    if (message.type == kNotification) {
        if (message.subject) add("Subject", *message.subject);
    } else {
        add("SubscribeURL", message.subscribe_url);
    }
    add("Timestamp", message.timestamp);
    if (message.type != kNotification) add("Token", message.token);
    add("TopicArn", message.topic);
    add("Type", message.type);
    return text;
}

bool is_trusted_url(std::string_view url) {
    constexpr std::string_view kBegin = "https://sns.";
    if (!url.starts_with(kBegin)) return false;
    url.remove_prefix(kBegin.size());
    const auto slash = url.find('/');
    if (slash == std::string_view::npos) return false;
    std::string_view host = url.substr(0, slash);
    if (host.ends_with(".cn")) host.remove_suffix(3);
    constexpr std::string_view kEnd = ".amazonaws.com";
    if (!host.ends_with(kEnd)) return false;
    host.remove_suffix(kEnd.size());
    // What is left is the region, one label: no dot, user, port or backslash gets through.
    if (host.size() < 3 || !std::all_of(host.begin(), host.end(), is_region_letter)) return false;
    return std::all_of(url.begin(), url.end(), [](char c) {
        return c > ' ' && c < '\x7f' && c != '\\';
    });
}

std::optional<std::string> certificate_url(const RawDelivery& delivery) {
    const auto message = read(delivery);
    if (!message || message->has_error()) return std::nullopt;
    std::string url = (*message)->certificate_url;
    if (!is_pem_url(url)) return std::nullopt;
    return url;
}

Verdict check(const RawDelivery& delivery, const SnsRules& rules, const Secrets& secrets) {
    const auto read_result = read(delivery);
    if (!read_result) return Verdict::absent("the body is not an Amazon SNS message");
    if (read_result->has_error()) return Verdict::refused(read_result->error().message);
    const Message& message = **read_result;

    const bool ours =
        std::any_of(rules.topics.begin(), rules.topics.end(), [&](const std::string& topic) {
            return wildcard_matches(topic, message.topic);
        });
    if (!ours) return Verdict::refused("the message's topic is not one of the receiver's topics");
    const auto sent = parse_rfc3339(message.timestamp);
    if (!sent) return Verdict::refused("the message's Timestamp is malformed");
    if (rules.max_age.count() > 0 && *sent + rules.max_age < delivery.received_at) {
        return Verdict::refused("the message is too old");
    }
    const bool sha256 = message.signature_version == "2";
    if (!sha256 && message.signature_version != "1") {
        return Verdict::refused("the message's SignatureVersion is neither 1 nor 2");
    }
    const auto signature = from_base64(message.signature);
    if (!signature) return Verdict::refused("the message's Signature is not base64");

    const auto pem = certificate_for(message, rules, secrets);
    if (pem.has_error()) return Verdict::refused(pem.error());
    const auto key = PublicKey::of_certificate(*pem);
    if (key.has_error()) return Verdict::refused(key.error().message);
    if (!key->verifies(
            sha256 ? HashAlgorithm::Sha256 : HashAlgorithm::Sha1, signed_text(message), *signature
        )) {
        return Verdict::refused("the message's signature is wrong");
    }
    return Verdict::passed();
}

std::optional<std::string> confirm_url(const Message& message) {
    const std::string& url = message.subscribe_url;
    const auto question = url.find('?');
    if (!is_trusted_url(url) || question == std::string::npos) return std::nullopt;
    const std::string_view query = std::string_view{url}.substr(question + 1);
    if (form_field(query, "Action") != "ConfirmSubscription" ||
        form_field(query, "TopicArn") != message.topic) {
        return std::nullopt;
    }
    return url;
}

}  // namespace linkspan::webhooks::sns
