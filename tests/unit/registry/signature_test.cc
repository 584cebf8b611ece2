#include "service/registry/signature.h"

#include "service/registry/base64.h"
#include "tests/support/registry_server.h"
#include "tests/support/scripted_http_server.h"
#include "tests/support/signing_key.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using support::RegistryServer;
using support::SigningKey;
using Kind = support::SigningKey::Kind;
using Form = SignatureCandidate::Form;

const std::string kHex(64, 'a');
const image::Digest kDigest = image::Digest::parse("sha256:" + kHex).value();
const std::string kOther = "sha256:" + std::string(64, 'b');
constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";

// Byte for byte what cosign 2 signs.
std::string make_payload(const std::string& digest) {
    return R"({"critical":{"identity":{"docker-reference":"r.example/acme/app"},"image":)"
           R"({"docker-manifest-digest":")" +
           digest + R"("},"type":"cosign container image signature"},"optional":null})";
}

SignatureCandidate sign(const SigningKey& key, const std::string& payload) {
    return {Form::SimpleSigning, payload, key.sign(payload), "tag x.sig"};
}

std::string make_statement(const std::string& hex, const std::string& predicate) {
    return R"({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":")" + hex +
           R"("}}],"predicateType":")" + predicate + R"(","predicate":{}})";
}

SignatureCandidate sign_bundle(const SigningKey& key, const std::string& statement) {
    const std::string type = "application/vnd.in-toto+json";
    const auto signature =
        key.sign(fmt::format("DSSEv1 {} {} {} {}", type.size(), type, statement.size(), statement));
    return {
        Form::Bundle,
        R"({"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":)"
        R"({"publicKey":{"hint":"x"}},"dsseEnvelope":{"payload":")" +
            encode_base64(statement) + R"(","payloadType":")" + type +
            R"(","signatures":[{"sig":")" + signature + R"("}]}})",
        "",
        "referrer y"};
}

constexpr const char* kSign = "https://sigstore.dev/cosign/sign/v1";

// One of each kind for all tests: RSA keys take a while to find.
const SigningKey& trusted(Kind kind) {
    static const SigningKey ecdsa{Kind::EcdsaP256};
    static const SigningKey rsa{Kind::Rsa2048};
    static const SigningKey ed25519{Kind::Ed25519};
    return kind == Kind::EcdsaP256 ? ecdsa : kind == Kind::Rsa2048 ? rsa : ed25519;
}

std::vector<PublicKey> keys(const SigningKey& key) {
    return {PublicKey::parse(key.public_pem()).value()};
}

std::string reason(const SignatureVerdict& verdict) {
    const auto* refused = std::get_if<NotSigned>(&verdict);
    return refused == nullptr ? "signed" : refused->reason;
}

TEST(SignatureTest, GoodOnesOfEveryKindAndForm) {
    for (const auto kind : {Kind::EcdsaP256, Kind::Rsa2048, Kind::Ed25519}) {
        const SigningKey& key = trusted(kind);
        for (const auto& candidate :
             {sign(key, make_payload(kDigest.str())),
              sign_bundle(key, make_statement(kHex, kSign))}) {
            SCOPED_TRACE(candidate.found_in);
            const auto verdict = verify(std::vector{candidate}, kDigest, keys(key));
            ASSERT_TRUE(std::holds_alternative<Signed>(verdict)) << reason(verdict);
            EXPECT_EQ(std::get<Signed>(verdict).key, keys(key)[0].name());
            EXPECT_EQ(std::get<Signed>(verdict).found_in, candidate.found_in);
        }
    }
}

TEST(SignatureTest, BadOnesAreRefusedWithTheReason) {
    const SigningKey key{Kind::EcdsaP256};
    const SigningKey stranger{Kind::EcdsaP256};
    auto changed = sign(key, make_payload(kDigest.str()));
    changed.payload += " ";
    auto no_base64 = sign(key, make_payload(kDigest.str()));
    no_base64.signature = "!";
    auto moved_payload = sign_bundle(key, make_statement(kHex, kSign));
    moved_payload.payload.replace(moved_payload.payload.find("in-toto"), 7, "in-tutu");
    struct Case {
        std::string name;
        SignatureCandidate candidate;
        std::string text;
    };
    const std::string none = "none of the configured keys made it";
    for (const auto& c : std::vector<Case>{
             {"wrong key", sign(stranger, make_payload(kDigest.str())), none},
             {"wrong digest", sign(key, make_payload(kOther)), "it names " + kOther},
             {"no digest",
              sign(key, R"({"critical":{"type":"cosign container image signature"}})"),
              "it names no digest"},
             {"payload changed", changed, none},
             {"signature is no base64", no_base64, none},
             {"signature of something else",
              sign(key, R"({"critical":{"type":"atomic container signature"}})"),
              "it signs \"atomic container signature\""},
             {"payload is no JSON", sign(key, "x"), "it signs \"\""},
             {"empty", {}, none},
             {"bundle: wrong key", sign_bundle(stranger, make_statement(kHex, kSign)), none},
             {"bundle: wrong digest",
              sign_bundle(key, make_statement(std::string(64, 'b'), kSign)),
              "it names another digest"},
             {"bundle: an attestation",
              sign_bundle(
                  key, make_statement(kHex, "https://cosign.sigstore.dev/attestation/vuln/v1")
              ),
              "it attests"},
             {"bundle: another payload type", moved_payload, "no in-toto statement"},
             {"bundle: nothing in it", {Form::Bundle, "{}", "", "y"}, "without a DSSE envelope"},
             {"bundle: no JSON", {Form::Bundle, "x", "", "y"}, "without a DSSE envelope"},
             {"bundle: a statement that is no JSON", sign_bundle(key, "x"), "it attests \"\""},
         }) {
        SCOPED_TRACE(c.name);
        const auto verdict = verify(std::vector{c.candidate}, kDigest, keys(key));
        EXPECT_NE(reason(verdict).find(c.text), std::string::npos) << reason(verdict);
    }
}

TEST(SignatureTest, OneGoodOneAmongManyAndAnyOfTheKeys) {
    const SigningKey& old_key = trusted(Kind::Rsa2048);
    const SigningKey new_key{Kind::EcdsaP256};
    const SigningKey stranger{Kind::Ed25519};
    std::vector<PublicKey> both = keys(old_key);
    both.push_back(keys(new_key)[0]);
    std::vector<SignatureCandidate> candidates(10, sign(stranger, make_payload(kDigest.str())));
    EXPECT_NE(
        reason(verify(candidates, kDigest, both)).find("10 signatures of " + kDigest.str()),
        std::string::npos
    );
    EXPECT_NE(reason(verify(candidates, kDigest, both)).find("and 7 more"), std::string::npos);
    candidates.push_back(sign(new_key, make_payload(kDigest.str())));
    EXPECT_EQ(reason(verify(candidates, kDigest, both)), "signed");
}

TEST(SignatureTest, NothingFoundAndNoKeysAreRefusals) {
    const SigningKey key{Kind::EcdsaP256};
    EXPECT_EQ(
        reason(verify({}, kDigest, keys(key))), "no signature was found for " + kDigest.str()
    );
    EXPECT_NE(
        reason(verify(std::vector{sign(key, make_payload(kDigest.str()))}, kDigest, {}))
            .find("no public key"),
        std::string::npos
    );
}

// --- from a registry -------------------------------------------------------------------------

std::string descriptor(
    const std::string& type, const std::string& digest, std::size_t size, const std::string& more
) {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" +
           std::to_string(size) + more + "}";
}

class SignatureFetchTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!RegistryServer::available()) GTEST_SKIP() << "needs docker-registry and skopeo";
        server_ = std::make_unique<RegistryServer>();
        RegistryOptions options;
        options.host = server_->host();
        options.endpoint = server_->url();
        client_ = std::make_unique<Client>(options);
        name_ = image::ImageName::from_parts(server_->host(), "acme/app").value();
        image_ = server_->push("acme/app", {.platforms = {"linux/amd64", "linux/arm64"}});
        digest_ = image::Digest::parse(image_.digest).value();
        config_ = server_->put_blob("acme/app", "{}");
    }

    std::string make_manifest(const std::string& layers) {
        return R"({"schemaVersion":2,"mediaType":")" + std::string{kManifestType} +
               R"(","config":)" +
               descriptor("application/vnd.oci.image.config.v1+json", config_, 2, "") +
               R"(,"layers":[)" + layers + "]}";
    }

    std::string simple_layer(
        const SigningKey& key, const std::string& payload, const std::string& blob
    ) {
        return descriptor(
            "application/vnd.dev.cosign.simplesigning.v1+json",
            blob,
            payload.size(),
            R"(,"annotations":{"dev.cosignproject.cosign/signature":")" + key.sign(payload) + "\"}"
        );
    }
    std::string simple_layer(const SigningKey& key, const std::string& payload) {
        return simple_layer(key, payload, server_->put_blob("acme/app", payload));
    }

    // As cosign stores it: the tag sha256-<hex>.sig, one layer for each signature.
    void put_signatures(const std::string& layers) {
        server_->put_manifest(
            "acme/app",
            "sha256-" + std::string{digest_.hex()} + ".sig",
            kManifestType,
            make_manifest(layers)
        );
    }

    SignatureVerdict check(const SigningKey& key) {
        const auto candidates = fetch_signatures(*client_, name_, digest_);
        if (candidates.has_error()) return NotSigned{"error: " + candidates.error().message};
        return verify(*candidates, digest_, keys(key));
    }

    std::unique_ptr<RegistryServer> server_;
    std::unique_ptr<Client> client_;
    image::ImageName name_;
    support::OciImage image_;
    image::Digest digest_;
    std::string config_;
};

TEST_F(SignatureFetchTest, UnsignedWrongAndGood) {
    const SigningKey key{Kind::EcdsaP256};
    const SigningKey stranger{Kind::EcdsaP256};
    EXPECT_EQ(reason(check(key)), "no signature was found for " + image_.digest);

    put_signatures(simple_layer(stranger, make_payload(image_.digest)));
    EXPECT_NE(reason(check(key)).find("none of the configured keys"), std::string::npos);

    put_signatures(simple_layer(key, make_payload(kOther)));
    EXPECT_NE(reason(check(key)).find("it names " + kOther), std::string::npos);

    put_signatures(
        simple_layer(stranger, make_payload(image_.digest)) + "," +
        simple_layer(key, make_payload(image_.digest))
    );
    const auto verdict = check(key);
    ASSERT_EQ(reason(verdict), "signed");
    EXPECT_EQ(
        std::get<Signed>(verdict).found_in, "tag sha256-" + std::string{digest_.hex()} + ".sig"
    );
}

TEST_F(SignatureFetchTest, ReferrersInTheFallbackTag) {
    const SigningKey key{Kind::Ed25519};
    const auto bundle = sign_bundle(key, make_statement(std::string{digest_.hex()}, kSign)).payload;
    const std::string type = "application/vnd.dev.sigstore.bundle.v0.3+json";
    const auto manifest =
        make_manifest(descriptor(type, server_->put_blob("acme/app", bundle), bundle.size(), ""));
    const auto attached = server_->put_manifest("acme/app", "attached", kManifestType, manifest);
    server_->put_manifest(
        "acme/app",
        "sha256-" + std::string{digest_.hex()},
        "application/vnd.oci.image.index.v1+json",
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
            descriptor(
                kManifestType, attached, manifest.size(), R"(,"artifactType":")" + type + "\""
            ) +
            "]}"
    );
    const auto verdict = check(key);
    ASSERT_EQ(reason(verdict), "signed");
    EXPECT_EQ(std::get<Signed>(verdict).found_in, "referrer " + attached);
}

TEST_F(SignatureFetchTest, ManySignaturesAreCut) {
    const SigningKey stranger{Kind::Ed25519};
    const auto payload = make_payload(image_.digest);
    const auto blob = server_->put_blob("acme/app", payload);
    std::string layers;
    for (int i = 0; i < 60; ++i) {
        layers += (i == 0 ? "" : ",") + simple_layer(stranger, payload, blob);
    }
    put_signatures(layers);
    const auto candidates = fetch_signatures(*client_, name_, digest_);
    ASSERT_TRUE(candidates.has_value()) << candidates.error().message;
    EXPECT_EQ(candidates->size(), 50U);
}

TEST_F(SignatureFetchTest, ARegistryThatCanNotAnswerIsAnErrorNotARefusal) {
    server_->stop();
    const auto candidates = fetch_signatures(*client_, name_, digest_);
    ASSERT_TRUE(candidates.has_error());
    EXPECT_EQ(candidates.error().kind, Errc::Unavailable);
}

}  // namespace
}  // namespace linkspan::registry
