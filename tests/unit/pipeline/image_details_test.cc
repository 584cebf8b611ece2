#include "service/pipeline/image_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linkspan::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

registry::ImageDetails sample() {
    registry::ImageDetails out;
    out.platforms = {
        *image::Platform::parse("linux/amd64"), *image::Platform::parse("linux/arm/v7")};
    out.labels = {{"team", "shop"}, {"bytes", "\xff\xfe no UTF-8"}, {"empty", ""}};
    out.every_platform = true;
    out.annotations = {
        {"team", "other"}, {"org.opencontainers.image.source", "https://example.com"}};
    out.created = "2026-03-01T00:00:00Z";
    out.created_from = "config";
    return out;
}

TEST(ImageDetailsTest, AreReadAsTheyWereWritten) {
    const auto before = sample();
    const auto after = decode_details(encode_details(before));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->platforms, before.platforms);
    EXPECT_EQ(after->labels, before.labels);
    EXPECT_EQ(after->annotations, before.annotations);
    EXPECT_TRUE(after->every_platform);
    EXPECT_EQ(after->created, before.created);
    EXPECT_EQ(after->created_from, before.created_from);
    const auto empty = decode_details(encode_details({}));
    ASSERT_TRUE(empty);
    EXPECT_FALSE(empty->created);
    EXPECT_TRUE(empty->platforms.empty());
}

TEST(ImageDetailsTest, AnythingElseIsNotKnown) {
    const auto whole = encode_details(sample());
    EXPECT_FALSE(decode_details(""));
    EXPECT_FALSE(decode_details("{\"labels\":{}}"));
    EXPECT_FALSE(decode_details(std::string_view{whole}.substr(0, whole.size() - 1)));
    EXPECT_FALSE(decode_details(std::string_view{"\xa0", 1}));  // an empty map
    EXPECT_FALSE(decode_details(whole + "x"));
}

TEST(ImageDetailsTest, AnnotationsOfOnePlatformDoNotSpeakForEvery) {
    EXPECT_EQ(labels_of(sample()), sample().labels);
}

TEST(ImageDetailsTest, LabelsWinOverAnnotations) {
    auto one = sample();
    one.every_platform = false;
    EXPECT_THAT(
        labels_of(one),
        ElementsAre(
            Pair("bytes", "\xff\xfe no UTF-8"),
            Pair("empty", ""),
            Pair("org.opencontainers.image.source", "https://example.com"),
            Pair("team", "shop")
        )
    );
}

}  // namespace
}  // namespace linkspan::pipeline
