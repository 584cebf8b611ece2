#include "service/registry/document.h"

#include <gtest/gtest.h>

namespace linkspan::registry {
namespace {

const std::string kA = "sha256:" + std::string(64, 'a');
const std::string kB = "sha256:" + std::string(64, 'b');

TEST(IndexTest, EntriesAreRead) {
    const auto index = read_index(
        R"({"manifests":[{"mediaType":"m","digest":")" + kA +
        R"(","size":7,"platform":{"os":"linux","architecture":"arm","variant":"v7"}},)" +
        R"({"digest":")" + kB +
        R"(","size":0,"artifactType":"t","annotations":{"a":"b","n":1}}],"annotations":{"c":"d"}})"
    );
    ASSERT_TRUE(index.has_value()) << index.error().message;
    ASSERT_EQ(index->manifests.size(), 2U);
    EXPECT_EQ(index->manifests[0].media_type, "m");
    EXPECT_EQ(index->manifests[0].digest.str(), kA);
    EXPECT_EQ(index->manifests[0].size, 7U);
    EXPECT_EQ(index->manifests[0].platform->str(), "linux/arm/v7");
    EXPECT_EQ(index->manifests[1].platform, std::nullopt);
    EXPECT_EQ(index->manifests[1].artifact_type, "t");
    EXPECT_EQ(index->manifests[1].annotations, (Annotations{{"a", "b"}}));
    EXPECT_EQ(index->annotations, (Annotations{{"c", "d"}}));
    EXPECT_TRUE(read_index("{}").value().manifests.empty());
    EXPECT_TRUE(read_index(R"({"manifests":null})").value().manifests.empty());
}

TEST(IndexTest, WhatIsNoIndexIsAnError) {
    std::string many = R"({"manifests":[)";
    for (int i = 0; i < 2001; ++i) many += (i == 0 ? "" : ",") + std::string{"{}"};
    for (const std::string& text : std::vector<std::string>{
             "",
             "[]",
             R"({"manifests":{}})",
             R"({"manifests":[1]})",
             R"({"manifests":[{"digest":"x","size":1}]})",
             R"({"manifests":[{"digest":")" + kA + R"("}]})",
             R"({"manifests":[{"digest":")" + kA + R"(","size":-1}]})",
             R"({"manifests":[{"digest":")" + kA + R"(","size":"1"}]})",
             many + "]}"}) {
        SCOPED_TRACE(text.substr(0, 60));
        const auto index = read_index(text);
        ASSERT_TRUE(index.has_error());
        EXPECT_EQ(index.error().kind, Errc::InvalidInput);
    }
}

TEST(ImageManifestTest, PartsAreRead) {
    const std::string config = R"("config":{"mediaType":"c","digest":")" + kA + R"(","size":1})";
    auto manifest = read_image_manifest(
        "{" + config + R"(,"layers":[{"mediaType":"l","digest":")" + kB +
        R"(","size":2}],"annotations":{"a":"b"},"subject":{"digest":")" + kB + R"(","size":3}})"
    );
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->config.digest.str(), kA);
    ASSERT_EQ(manifest->layers.size(), 1U);
    EXPECT_EQ(manifest->layers[0].media_type, "l");
    EXPECT_EQ(manifest->artifact_type, "c");
    EXPECT_EQ(manifest->subject->digest.str(), kB);
    manifest = read_image_manifest("{" + config + R"(,"artifactType":"t","subject":null})");
    ASSERT_TRUE(manifest.has_value()) << manifest.error().message;
    EXPECT_EQ(manifest->artifact_type, "t");
    EXPECT_FALSE(manifest->subject.has_value());
    EXPECT_TRUE(read_image_manifest("{}").has_error());
    EXPECT_TRUE(read_image_manifest("{" + config + R"(,"subject":1})").has_error());
}

TEST(ImageConfigTest, LabelsPlatformAndTimeAreRead) {
    auto config = read_image_config(
        R"({"os":"linux","architecture":"amd64","created":"2024-01-02T03:04:05Z",)"
        R"("config":{"Labels":{"a":"b","n":null}}})"
    );
    ASSERT_TRUE(config.has_value());
    EXPECT_EQ(config->platform.str(), "linux/amd64");
    EXPECT_EQ(config->labels, (Annotations{{"a", "b"}}));
    EXPECT_EQ(config->created, "2024-01-02T03:04:05Z");
    config = read_image_config(R"({"config":{"Labels":null},"created":7})");
    ASSERT_TRUE(config.has_value());
    EXPECT_TRUE(config->labels.empty());
    EXPECT_EQ(config->created, std::nullopt);
    EXPECT_TRUE(read_image_config("x").has_error());
}

}  // namespace
}  // namespace linkspan::registry
