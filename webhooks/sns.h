// Amazon SNS: the envelope around a notification, its signature, and the subscription handshake.
//
// The signature is RSA over "Key\nValue\n" of chosen members; the certificate is at an address in
// the message, which counts only on the provider's own hosts. Anybody with an account has a topic
// and valid signatures, so the topic must be one that the receiver names.
//
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/receiver.h"
#include "webhooks/shared_secret.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::webhooks::sns {

struct Message {
    std::string type;  // Notification, SubscriptionConfirmation, UnsubscribeConfirmation
    std::string id;
    std::string topic;
    std::string message;
    std::optional<std::string> subject;
    std::string timestamp;      // as sent: "2019-11-16T01:54:35.000Z"
    std::string token;          // confirmations only
    std::string subscribe_url;  // confirmations only
    std::string signature;      // base64
    std::string signature_version;
    std::string certificate_url;
};

// nullopt: the body is not an SNS envelope. Errors: InvalidInput for one that lacks something.
std::optional<Result<Message>> read(const RawDelivery& delivery);

std::string signed_text(const Message& message);

// True for https://sns.<region>.amazonaws.com[.cn]/… with nothing odd about it (no user, no port).
bool is_trusted_url(std::string_view url);

// The certificate that verify() will ask the CertificateSource for: for the service, to fetch it
// beforehand. nullopt: none, or its address is not to be trusted, and verify() will say so.
std::optional<std::string> certificate_url(const RawDelivery& delivery);

// `secrets` may hold the certificate itself (PEM), where fetching is not possible.
Verdict check(const RawDelivery& delivery, const SnsRules& rules, const Secrets& secrets);

// The address that confirms the subscription, when it is what it claims to be.
std::optional<std::string> confirm_url(const Message& message);

}  // namespace linkspan::webhooks::sns
