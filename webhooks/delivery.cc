#include "webhooks/delivery.h"

#include "webhooks/authenticate.h"
#include "webhooks/fields.h"
#include "webhooks/hash.h"
#include "webhooks/reading.h"
#include "webhooks/receiver.h"
#include "webhooks/senders.h"
#include "webhooks/shared_secret.h"
#include "webhooks/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::webhooks {
namespace {

// Longer than any sender that we know goes on retrying with the same id.
constexpr std::chrono::hours kIdWindow{72};
constexpr std::size_t kLongestId = 200;

bool is_plain(std::string_view id) {
    return id.size() <= kLongestId &&
           std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

// The key is stored and shown, so an id that is long or odd is hashed.
DeliveryKey key_of_id(const std::string& id) {
    return {is_plain(id) ? "id:" + id : "id-sha256:" + to_hex(sha256(id)), kIdWindow};
}

// The id that `fields` find in the body, which every signature covers.
std::string id_in_body(const RawDelivery& delivery, const Receiver& receiver) {
    const bool from_header = receiver.fields.id.find("{header:") != std::string::npos;
    return from_header ? std::string{} : field_id(receiver.fields, delivery);
}

// By what the signature covers; nullopt where it covers the body alone, or there is none. The
// hashes are over the text that was signed, since the headers' form can be varied.
std::optional<DeliveryKey> signed_key(
    const RawDelivery& delivery, const Receiver& receiver, AuthScheme way
) {
    switch (way) {
        case AuthScheme::StandardWebhooks:
            return key_of_id(std::string{delivery.headers.get("webhook-id").value_or("")});
        case AuthScheme::Buildkite:
        case AuthScheme::Drone:
        case AuthScheme::CircleCi:
            break;
        default:
            return std::nullopt;
    }
    if (const std::string id = id_in_body(delivery, receiver); !id.empty()) return key_of_id(id);
    std::string text = delivery.body;  // CircleCI's bodies have an id and a time
    if (way == AuthScheme::Buildkite) text = buildkite_signed_text(delivery).value_or(text);
    if (way == AuthScheme::Drone) text = drone_signed_text(delivery).value_or(text);
    return DeliveryKey{"signed-sha256:" + to_hex(sha256(text)), kIdWindow};
}

DeliveryKey key_of(const RawDelivery& delivery, const Receiver& receiver, AuthScheme way) {
    if (auto key = signed_key(delivery, receiver, way)) return std::move(*key);
    const Sender* sender = find_sender(receiver.type);
    const std::string id =
        sender != nullptr ? sender->delivery_id(delivery, receiver) : std::string{};
    if (!id.empty()) return key_of_id(id);
    const auto window = sender != nullptr ? sender->body_window : Sender{}.body_window;
    return {"sha256:" + to_hex(sha256(delivery.body)), window};
}

}  // namespace

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const auto& [key, value] : list_) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return std::nullopt;
}

Result<VerifiedDelivery> verify(RawDelivery delivery, const Receiver& receiver) {
    LINKSPAN_TRY(way, authenticate(delivery, receiver));
    // Only now: an id may be inside the body, and the body of a stranger is not looked into further
    // than its signature needs.
    DeliveryKey key = key_of(delivery, receiver, way);
    const Sender* const sender = find_sender(receiver.type);
    // Who knows a URL may have read it in a log.
    const bool proven = way != AuthScheme::None && way != AuthScheme::Token &&
                        (sender == nullptr || sender->can_prove);
    return VerifiedDelivery{std::move(delivery), std::move(key), proven};
}

Result<ParsedDelivery> parse(const VerifiedDelivery& delivery, const Receiver& receiver) {
    const Sender* sender = find_sender(receiver.type);
    if (sender == nullptr) {
        return Error{
            Errc::Internal,
            fmt::format(
                "receiver {}: no sender has the type \"{}\"", receiver.name, receiver.type
            )};
    }
    return sender->parse(delivery.raw(), receiver);
}

std::optional<Answer> answer_options(const RawDelivery& request, const Receiver& receiver) {
    const Sender* const sender = find_sender(receiver.type);
    const auto origin = request.headers.get("WebHook-Request-Origin");
    if (sender == nullptr || !sender->takes_cloud_events || request.method != "OPTIONS" ||
        !fact(std::string{origin.value_or("")})) {
        return std::nullopt;
    }
    // WebHook-Request-Callback, an address to confirm at later, is never called.
    return Answer{
        200,
        {{"WebHook-Allowed-Origin", std::string{*origin}},
         {"WebHook-Allowed-Rate", "*"},
         {"Allow", "POST, OPTIONS"}},
        {}};
}

}  // namespace linkspan::webhooks
