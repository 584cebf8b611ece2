#include "service/registry/signature.h"

#include "service/registry/answer.h"
#include "service/registry/base64.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace linkspan::registry {
namespace {

using nlohmann::json;

constexpr std::string_view kSimpleSigningType = "cosign container image signature";
constexpr std::string_view kStatementPayload = "application/vnd.in-toto+json";
constexpr std::string_view kSignPredicate = "https://sigstore.dev/cosign/sign/v1";
constexpr std::size_t kReasonsShown = 3;

const json* member(const json* object, const char* key) {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto it = object->find(key);
    return it == object->end() ? nullptr : &*it;
}

std::string text(const json* value) {
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

// https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md: what a DSSE signature covers.
std::string pre_authentication_encoding(std::string_view type, std::string_view payload) {
    return fmt::format("DSSEv1 {} {} {} {}", type.size(), type, payload.size(), payload);
}

// The name of the key that signed `message`; nullopt: none of them.
std::optional<std::string> signer(
    std::string_view message, std::string_view base64, std::span<const PublicKey> keys
) {
    const auto signature = decode_base64(base64);
    if (!signature) return std::nullopt;
    for (const auto& key : keys) {
        if (key.verifies(message, *signature)) return key.name();
    }
    return std::nullopt;
}

std::string not_this_digest(std::string_view named) {
    return "it names " + (named.empty() ? std::string{"no digest"} : quote(named, 80));
}

struct Checked {
    std::optional<std::string> key;  // good, by this key
    std::string reason;              // else
};

// The signature first: nothing of the payload is believed, or even parsed, before.
Checked check_simple_signing(
    const SignatureCandidate& candidate,
    const image::Digest& digest,
    std::span<const PublicKey> keys
) {
    auto key = signer(candidate.payload, candidate.signature, keys);
    if (!key) return {std::nullopt, "none of the configured keys made it"};
    const json document = json::parse(candidate.payload, nullptr, false);
    const json* critical = member(&document, "critical");
    if (const auto type = text(member(critical, "type")); type != kSimpleSigningType) {
        return {std::nullopt, fmt::format("it signs \"{}\", not an image", quote(type, 60))};
    }
    const json* image = member(critical, "image");
    auto named = text(member(image, "docker-manifest-digest"));
    // The specification's own example writes it so, and cosign reads both.
    if (named.empty()) named = text(member(image, "Docker-manifest-digest"));
    if (named != digest.str()) return {std::nullopt, not_this_digest(named)};
    return {std::move(key), {}};
}

bool names_digest(const json* subjects, const image::Digest& digest) {
    if (subjects == nullptr || !subjects->is_array()) return false;
    const std::string algorithm{digest.algorithm()};
    return std::any_of(subjects->begin(), subjects->end(), [&](const json& subject) {
        return text(member(member(&subject, "digest"), algorithm.c_str())) == digest.hex();
    });
}

Checked check_bundle(
    const SignatureCandidate& candidate,
    const image::Digest& digest,
    std::span<const PublicKey> keys
) {
    const json bundle = json::parse(candidate.payload, nullptr, false);
    const json* envelope = member(&bundle, "dsseEnvelope");
    if (envelope == nullptr) return {std::nullopt, "it is a bundle without a DSSE envelope"};
    const auto type = text(member(envelope, "payloadType"));
    const auto payload = decode_base64(text(member(envelope, "payload")));
    const json* signatures = member(envelope, "signatures");
    if (type != kStatementPayload || !payload || signatures == nullptr || !signatures->is_array()) {
        return {std::nullopt, "its DSSE envelope holds no in-toto statement"};
    }
    const std::string message = pre_authentication_encoding(type, *payload);
    std::optional<std::string> key;
    // The bundle format allows one; a list of thousands would cost a verification each.
    for (std::size_t i = 0; i < std::min<std::size_t>(signatures->size(), 4) && !key; ++i) {
        key = signer(message, text(member(&(*signatures)[i], "sig")), keys);
    }
    if (!key) return {std::nullopt, "none of the configured keys made it"};
    const json statement = json::parse(*payload, nullptr, false);
    if (const auto predicate = text(member(&statement, "predicateType"));
        predicate != kSignPredicate) {
        return {
            std::nullopt,
            fmt::format("it attests \"{}\", which is not a signature", quote(predicate, 80))};
    }
    if (!names_digest(member(&statement, "subject"), digest)) {
        return {std::nullopt, "it names another digest"};
    }
    return {std::move(key), {}};
}

}  // namespace

SignatureVerdict verify(
    std::span<const SignatureCandidate> candidates,
    const image::Digest& digest,
    std::span<const PublicKey> keys
) {
    if (keys.empty()) return NotSigned{"no public key is configured to check signatures with"};
    if (candidates.empty()) return NotSigned{"no signature was found for " + digest.str()};
    std::string reasons;
    std::size_t shown = 0;
    for (const auto& candidate : candidates) {
        auto checked = candidate.form == SignatureCandidate::Form::Bundle
                           ? check_bundle(candidate, digest, keys)
                           : check_simple_signing(candidate, digest, keys);
        if (checked.key) return Signed{std::move(*checked.key), candidate.found_in};
        if (++shown > kReasonsShown) continue;
        reasons += (shown == 1 ? "" : "; ") + candidate.found_in + ": " + checked.reason;
    }
    if (shown > kReasonsShown) reasons += fmt::format("; and {} more", shown - kReasonsShown);
    return NotSigned{fmt::format(
        "{} signature{} of {} found, none good: {}",
        candidates.size(),
        candidates.size() == 1 ? "" : "s",
        digest.str(),
        reasons
    )};
}

}  // namespace linkspan::registry
