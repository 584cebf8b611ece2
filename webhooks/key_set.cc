#include "webhooks/key_set.h"

#include "core/base64.h"
#include "webhooks/json_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::webhooks {
namespace {

struct Algorithm {
    std::string_view name;
    KeyKind kind;
    HashAlgorithm hash;
};

constexpr Algorithm kAlgorithms[] = {
    {"RS256", KeyKind::Rsa, HashAlgorithm::Sha256},
    {"RS384", KeyKind::Rsa, HashAlgorithm::Sha384},
    {"RS512", KeyKind::Rsa, HashAlgorithm::Sha512},
    {"ES256", KeyKind::P256, HashAlgorithm::Sha256},
    {"ES384", KeyKind::P384, HashAlgorithm::Sha384},
    {"EdDSA", KeyKind::Ed25519, HashAlgorithm::Sha512},
};

const Algorithm* find_algorithm(std::string_view name) {
    const auto* found =
        std::find_if(std::begin(kAlgorithms), std::end(kAlgorithms), [&](const Algorithm& one) {
            return one.name == name;
        });
    return found == std::end(kAlgorithms) ? nullptr : found;
}

std::optional<std::string> bytes_at(const JsonView& view) {
    const auto text = view.text();
    return text ? from_base64url(*text) : std::nullopt;
}

bool is_for_verifying(const JsonView& key) {
    if (key["use"].exists() && key["use"].text() != "sig") return false;
    const JsonView operations = key["key_ops"];
    if (!operations.exists()) return true;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (operations[i].text() == "verify") return true;
    }
    return false;
}

Result<PublicKey> read_key(const JsonView& key) {
    const std::string type = key["kty"].text().value_or("");
    const std::string curve = key["crv"].text().value_or("");
    if (type == "RSA") {
        const auto n = bytes_at(key["n"]);
        const auto e = bytes_at(key["e"]);
        if (!n || !e) return key.wrong("has no n or no e");
        return PublicKey::rsa(*n, *e);
    }
    if (type == "EC" && (curve == "P-256" || curve == "P-384")) {
        const auto x = bytes_at(key["x"]);
        const auto y = bytes_at(key["y"]);
        if (!x || !y) return key.wrong("has no x or no y");
        return PublicKey::elliptic(curve == "P-256" ? KeyKind::P256 : KeyKind::P384, *x, *y);
    }
    if (type == "OKP" && curve == "Ed25519") {
        const auto x = bytes_at(key["x"]);
        if (!x) return key.wrong("has no x");
        return PublicKey::ed25519(*x);
    }
    return key.wrong("is of a type that is not used here");
}

}  // namespace

bool KeySet::knows(std::string_view algorithm) { return find_algorithm(algorithm) != nullptr; }

Result<KeySet> KeySet::parse(std::string_view json) {
    LINKSPAN_TRY(document, JsonDocument::parse(json));
    const JsonView keys = document.root()["keys"];
    if (!keys.is_array()) return keys.wrong("missing: this is not a key set");
    KeySet set;
    for (std::size_t i = 0; i < keys.size() && set.keys_.size() < kMaxKeys; ++i) {
        const JsonView key = keys[i];
        if (!is_for_verifying(key)) continue;
        auto public_key = read_key(key);
        if (public_key.has_error()) continue;
        set.keys_.push_back(
            {key["kid"].text().value_or(""), key["alg"].text().value_or(""), std::move(*public_key)}
        );
    }
    return set;
}

KeySet::Answer KeySet::verify(
    std::string_view algorithm,
    std::optional<std::string_view> kid,
    std::string_view bytes,
    std::string_view signature
) const {
    const Algorithm* const used = find_algorithm(algorithm);
    if (used == nullptr) return Answer::Wrong;
    Answer answer = Answer::NoSuchKey;
    for (const Entry& entry : keys_) {
        if (kid && entry.kid != *kid) continue;
        const bool serves = entry.key.kind() == used->kind &&
                            (entry.algorithm.empty() || entry.algorithm == algorithm);
        // A key that is there but of another sort: no refetching will help.
        if (!serves) {
            if (kid) answer = Answer::Wrong;
            continue;
        }
        answer = Answer::Wrong;
        if (entry.key.verifies(used->hash, bytes, signature)) return Answer::Verified;
    }
    return answer;
}

Result<std::string> read_discovery(std::string_view json, std::string_view issuer) {
    LINKSPAN_TRY(document, JsonDocument::parse(json));
    const JsonView root = document.root();
    LINKSPAN_TRY(said, root["issuer"].required_text());
    if (said.text != issuer) {
        return root["issuer"].wrong(fmt::format("is another than {}", issuer));
    }
    LINKSPAN_TRY(address, root["jwks_uri"].required_text());
    const bool secure = address.text.starts_with("https://");
    const bool as_open_as_the_issuer =
        issuer.starts_with("http://") && address.text.starts_with("http://");
    if (!secure && !as_open_as_the_issuer) return root["jwks_uri"].wrong("is not an https URL");
    return std::move(address.text);
}

}  // namespace linkspan::webhooks
