#include "webhooks/reading.h"

#include "tests/unit/webhooks/support.h"

namespace linkspan::webhooks {
namespace {

Claim claim_of(std::string host, std::string repository, std::string tag) {
    Claim claim;
    claim.host = std::move(host);
    claim.repository = {std::move(repository), "repository"};
    claim.tag = {std::move(tag), "tag"};
    return claim;
}

std::string image_from(const Receiver& receiver, Claim claim) {
    Reading reading{receiver};
    const Status pushed = reading.push(std::move(claim));
    if (pushed.has_error()) return "error: " + pushed.error().message;
    const ParsedDelivery parsed = std::move(reading).finish();
    return parsed.events.empty() ? "ignored: " + *parsed.ignored_reason
                                 : parsed.events[0].image.str();
}

TEST(ReadingTest, HostsAreNormalisedAndReplaced) {
    const Receiver bare = testing::open_receiver("x");
    const Receiver with_registry = testing::open_receiver("x", "mirror.example.com:5000");
    Receiver replacing = with_registry;
    replacing.override_host = true;

    EXPECT_EQ(image_from(bare, claim_of("R.Example.COM", "a/b", "1")), "r.example.com/a/b");
    EXPECT_EQ(
        image_from(bare, claim_of("https://r.example.com:8443/a", "a/b", "1")),
        "r.example.com:8443/a/b"
    );
    EXPECT_EQ(
        image_from(bare, claim_of("index.docker.io", "nginx", "1")), "docker.io/library/nginx"
    );
    EXPECT_EQ(image_from(with_registry, claim_of("r.example.com", "a", "1")), "r.example.com/a");
    EXPECT_EQ(image_from(with_registry, claim_of("", "a", "1")), "mirror.example.com:5000/a");
    EXPECT_EQ(
        image_from(replacing, claim_of("r.example.com", "a", "1")), "mirror.example.com:5000/a"
    );
    // One word is no host of an image name; the configured registry stands in, if there is one.
    EXPECT_EQ(
        image_from(with_registry, claim_of("registry", "a", "1")), "mirror.example.com:5000/a"
    );
    EXPECT_EQ(image_from(bare, claim_of("registry", "a", "1")).substr(0, 18), "error: repository:");
    Claim usual = claim_of("", "a/b", "1");
    usual.usual_host = "ghcr.io";
    EXPECT_EQ(image_from(bare, usual), "ghcr.io/a/b");
    EXPECT_EQ(image_from(with_registry, usual), "mirror.example.com:5000/a/b");
}

TEST(ReadingTest, RewritesTakeWholePartsOfTheName) {
    Receiver receiver = testing::open_receiver("x");
    receiver.rewrites = {
        {"harbor.example.com/dockerhub", "docker.io"},
        {"j.example.com/docker-local", "docker-local.j.example.com"},
        {"only.example.com/a", "other.example.com/b"},
    };
    EXPECT_EQ(
        image_from(receiver, claim_of("harbor.example.com", "dockerhub/library/nginx", "1")),
        "docker.io/library/nginx"
    );
    EXPECT_EQ(
        image_from(receiver, claim_of("j.example.com", "docker-local/acme/app", "1")),
        "docker-local.j.example.com/acme/app"
    );
    EXPECT_EQ(
        image_from(receiver, claim_of("harbor.example.com", "dockerhub2/app", "1")),
        "harbor.example.com/dockerhub2/app"
    );
    EXPECT_EQ(image_from(receiver, claim_of("only.example.com", "a", "1")), "other.example.com/b");
}

TEST(ReadingTest, UntaggedPushesAreIgnored) {
    const Receiver receiver = testing::open_receiver("x");
    for (const std::string& tag :
         {std::string{},
          "sha256:" + std::string(64, 'a'),
          std::string{"sha256:short"},
          std::string{"sha512:x"}}) {
        EXPECT_EQ(
            image_from(receiver, claim_of("r.example.com", "a", tag)), "ignored: push without a tag"
        );
    }
}

TEST(ReadingTest, ArtifactsAreSetAside) {
    const struct {
        const char* media_type;
        const char* reason;
    } kCases[] = {
        {"application/vnd.cncf.helm.config.v1+json", "push of a Helm chart"},
        {"application/vnd.dev.cosign.simplesigning.v1+json", "push of a signature"},
        {"application/vnd.cncf.notary.signature", "push of a signature"},
        {"application/vnd.in-toto+json", "push of an attestation"},
        {"application/spdx+json", "push of an SBOM"},
        {"application/vnd.cyclonedx+json", "push of an SBOM"},
    };
    const Receiver receiver = testing::open_receiver("x");
    for (const auto& test : kCases) {
        SCOPED_TRACE(test.media_type);
        Claim claim = claim_of("r.example.com", "a", "1");
        claim.media_type = test.media_type;
        Reading reading{receiver};
        ASSERT_TRUE(reading.push(std::move(claim)));
        const ParsedDelivery parsed = std::move(reading).finish();
        EXPECT_TRUE(parsed.events.empty());
        ASSERT_EQ(parsed.set_aside.size(), 1U);
        EXPECT_EQ(parsed.set_aside[0].reason, test.reason);
        EXPECT_EQ(parsed.ignored_reason, test.reason);
    }
    EXPECT_FALSE(artifact_of("application/vnd.oci.image.manifest.v1+json"));
    EXPECT_FALSE(artifact_of("application/vnd.docker.distribution.manifest.list.v2+json"));
    EXPECT_FALSE(artifact_of(""));
    EXPECT_FALSE(artifact_of("application/json"));
    EXPECT_FALSE(artifact_of("application/vnd.oci.image.index.v1+json"));
    EXPECT_FALSE(artifact_of("application/vnd.docker.container.image.v1+json"));
    for (const char* const type :
         {"application/vnd.cncf.flux.config.v1+json",
          "application/vnd.wasm.config.v1+json",
          "application/vnd.oci.empty.v1+json",
          "application/vnd.docker.plugin.v1+json",
          "application/vnd.cncf.openpolicyagent.config.v1+json"}) {
        EXPECT_EQ(artifact_of(type), std::string{"an artifact of the type "} + type);
    }
}

TEST(ReadingTest, ReasonsAreSaidOnce) {
    const Receiver receiver = testing::open_receiver("x");
    Reading reading{receiver};
    EXPECT_TRUE(reading.empty());
    for (int i = 0; i < 100; ++i) reading.ignore(i % 2 == 0 ? "pull" : "deletion");
    EXPECT_FALSE(reading.empty());
    EXPECT_EQ(std::move(reading).finish().ignored_reason, "pull; deletion");
}

TEST(FactTest, OnlyWhatCanBeShown) {
    EXPECT_EQ(fact("ann"), "ann");
    EXPECT_EQ(fact("Zo\xC3\xAB"), "Zo\xC3\xAB");
    EXPECT_FALSE(fact(std::nullopt));
    EXPECT_FALSE(fact(""));
    EXPECT_FALSE(fact("a\nb"));
    EXPECT_FALSE(fact(std::string{"a\0b", 3}));
    EXPECT_TRUE(fact(std::string(256, 'a')));
    EXPECT_FALSE(fact(std::string(257, 'a')));
}

}  // namespace
}  // namespace linkspan::webhooks
