#include "service/registry/inspect.h"

#include "tests/support/registry_server.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

using support::RegistryServer;

Descriptor entry(char digit, const std::string& platform, bool attestation = false) {
    Descriptor out;
    out.digest = image::Digest::parse("sha256:" + std::string(64, digit)).value();
    if (!platform.empty()) out.platform = Platform::parse(platform).value();
    if (attestation) out.annotations["vnd.docker.reference.type"] = "attestation-manifest";
    return out;
}

TEST(ChooseChildTest, TheWantedPlatformElseTheFirstThatRuns) {
    const Index index{
        {entry('0', "unknown/unknown"),
         entry('1', "linux/amd64", true),
         entry('2', "linux/arm64/v8"),
         entry('3', "linux/amd64")},
        {}};
    const auto chosen = [&](const std::string& wanted) {
        return choose_child(index, Platform::parse(wanted).value())->digest.hex().substr(0, 1);
    };
    EXPECT_EQ(chosen("linux/amd64"), "3");
    EXPECT_EQ(chosen("linux/arm64"), "2");
    EXPECT_EQ(chosen("windows/amd64"), "2");
    EXPECT_EQ(choose_child({}, {"linux", "amd64", ""}), nullptr);
    EXPECT_EQ(choose_child({{entry('0', "unknown/unknown")}, {}}, {"linux", "amd64", ""}), nullptr);
    const Index bare{{entry('4', "")}, {}};
    EXPECT_EQ(choose_child(bare, {"linux", "amd64", ""}), &bare.manifests[0]);
}

TEST(CreatedTest, TheConfigsTimeUnlessItIsNone) {
    struct Case {
        std::string name;
        std::optional<std::string> config, annotation;
        std::optional<std::string> expected;
        std::string from;
    };
    const std::string real = "2024-01-02T03:04:05Z";
    const std::string other = "2023-01-02T03:04:05Z";
    for (const auto& c : std::vector<Case>{
             {"config", real, other, real, "config"},
             {"epoch", "1970-01-01T00:00:00Z", other, other, "annotation"},
             {"zero of Go", "0001-01-01T00:00:00Z", other, other, "annotation"},
             {"1980", "1980-01-01T00:00:01Z", std::nullopt, std::nullopt, ""},
             {"annotation", std::nullopt, other, other, "annotation"},
             {"nonsense", "yesterday", "tomorrow, perhaps very late", std::nullopt, ""},
             {"none", std::nullopt, std::nullopt, std::nullopt, ""},
         }) {
        SCOPED_TRACE(c.name);
        ImageDetails details;
        if (c.annotation) details.annotations["org.opencontainers.image.created"] = *c.annotation;
        choose_created(details, c.config);
        EXPECT_EQ(details.created, c.expected);
        EXPECT_EQ(details.created_from, c.from);
    }
}

class InspectTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (!RegistryServer::available()) GTEST_SKIP() << "needs docker-registry and skopeo";
        server_ = std::make_unique<RegistryServer>();
        RegistryOptions options;
        options.host = server_->host();
        options.endpoint = server_->url();
        client_ = std::make_unique<Client>(options);
        name_ = image::ImageName::from_parts(server_->host(), "acme/app").value();
    }
    Result<ImageDetails> details(const std::string& digest, const std::string& wanted) {
        return inspect(
            *client_, name_, image::Digest::parse(digest).value(), Platform::parse(wanted).value()
        );
    }
    std::unique_ptr<RegistryServer> server_;
    std::unique_ptr<Client> client_;
    image::ImageName name_;
};

TEST_F(InspectTest, OfAnIndex) {
    const auto image = server_->push(
        "acme/app",
        {.labels = {{"org.opencontainers.image.revision", "abc"}},
         .annotations = {{"from", "manifest"}},
         .platforms = {"linux/amd64", "linux/arm64/v8"}}
    );
    const auto found = details(image.digest, "linux/arm64");
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_EQ(found->media_type, "application/vnd.oci.image.index.v1+json");
    ASSERT_EQ(found->platforms.size(), 2U);
    EXPECT_EQ(found->platforms[0].str(), "linux/amd64");
    EXPECT_EQ(found->platform.str(), "linux/arm64/v8");
    EXPECT_EQ(found->labels.at("org.opencontainers.image.revision"), "abc");
    EXPECT_EQ(found->annotations.at("from"), "manifest");
    EXPECT_EQ(found->created, "2024-01-02T03:04:05Z");
    EXPECT_EQ(found->created_from, "config");
}

TEST_F(InspectTest, LabelsOfEveryPlatformAreThoseThatAllHaveAlike) {
    const auto both = server_->push(
        "acme/app",
        {.tag = "both",
         .labels = {{"team", "shop"}, {"built", "amd64"}, {"both", "x"}},
         .annotations = {{"built", "amd64"}, {"more", "x"}, {"own", "amd64"}},
         .platforms = {"linux/amd64"},
         .index = false}
    );
    const auto other = server_->push(
        "acme/app",
        {.tag = "other",
         .labels = {{"team", "shop"}, {"built", "arm64"}, {"more", "x"}},
         .annotations = {{"both", "x"}},
         .platforms = {"linux/arm64"},
         .index = false}
    );
    const std::string type = "application/vnd.oci.image.manifest.v1+json";
    const auto bytes = [&](const std::string& digest) {
        return client_->fetch_manifest(name_, digest).value().bytes.size();
    };
    const auto entry = [&](const std::string& digest, const std::string& architecture) {
        return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" +
               std::to_string(bytes(digest)) + R"(,"platform":{"os":"linux","architecture":")" +
               architecture + R"("}})";
    };
    const auto index = server_->put_manifest(
        "acme/app",
        "multi",
        "application/vnd.oci.image.index.v1+json",
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
            entry(both.digest, "amd64") + "," + entry(other.digest, "arm64") +
            R"(],"annotations":{"built":"amd64","all":"yes"}})"
    );
    const auto one = details(index, "linux/amd64");
    ASSERT_TRUE(one.has_value()) << one.error().message;
    EXPECT_EQ(one->labels, (Annotations{{"team", "shop"}, {"built", "amd64"}, {"both", "x"}}));
    EXPECT_FALSE(one->every_platform);
    const auto every = inspect(
        *client_,
        name_,
        image::Digest::parse(index).value(),
        {"linux", "amd64", ""},
        LabelsOf::Every
    );
    ASSERT_TRUE(every.has_value()) << every.error().message;
    // Neither the annotation of one platform nor that of the index stands in for a label that
    // another platform has with another value.
    EXPECT_EQ(
        every->labels, (Annotations{{"team", "shop"}, {"both", "x"}, {"more", "x"}, {"all", "yes"}})
    );
    EXPECT_TRUE(every->every_platform);
}

TEST_F(InspectTest, OfOneManifest) {
    const auto image = server_->push("acme/app", {.labels = {{"a", "b"}}, .created = ""});
    const auto found = details(image.digest, "linux/arm64");
    ASSERT_TRUE(found.has_value()) << found.error().message;
    ASSERT_EQ(found->platforms.size(), 1U);
    EXPECT_EQ(found->platforms[0].str(), "linux/amd64");
    EXPECT_EQ(found->labels.at("a"), "b");
    EXPECT_EQ(found->created, std::nullopt);
}

TEST_F(InspectTest, OfAnArtifactThatIsNoImage) {
    const auto config = server_->put_blob("acme/app", "{}");
    const auto digest = server_->put_manifest(
        "acme/app",
        "chart",
        "application/vnd.oci.image.manifest.v1+json",
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)"
        R"({"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":")" +
            config + R"(","size":2},"layers":[],"annotations":{"a":"b"}})"
    );
    const auto found = details(digest, "linux/amd64");
    ASSERT_TRUE(found.has_value()) << found.error().message;
    EXPECT_TRUE(found->platforms.empty());
    EXPECT_TRUE(found->labels.empty());
    EXPECT_EQ(found->annotations.at("a"), "b");
}

TEST_F(InspectTest, OfWhatIsNotThere) {
    const auto found = details("sha256:" + std::string(64, '0'), "linux/amd64");
    ASSERT_TRUE(found.has_error());
    EXPECT_EQ(found.error().kind, Errc::NotFound);
}

}  // namespace
}  // namespace linkspan::registry
