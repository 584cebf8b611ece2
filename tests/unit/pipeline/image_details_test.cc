#include "service/pipeline/image_details.h"

#include <gtest/gtest.h>

namespace linkspan::pipeline {
namespace {

using Words = std::map<std::string, std::string>;

registry::ImageDetails details(bool every_platform) {
    registry::ImageDetails out;
    out.platforms = {{"linux", "amd64", ""}, {"linux", "arm64", "v8"}};
    out.labels = {{"team", "shop"}};
    out.every_platform = every_platform;
    out.annotations = {{"team", "other"}, {"built", "amd64"}};
    out.created = "2024-01-02T03:04:05Z";
    out.created_from = "config";
    return out;
}

TEST(ImageDetailsTest, AnnotationsAreLabelsWhereOnePlatformWasRead) {
    EXPECT_EQ(labels_of(details(false)), (Words{{"team", "shop"}, {"built", "amd64"}}));
}

TEST(ImageDetailsTest, AnnotationsOfOnePlatformDoNotSpeakForEvery) {
    EXPECT_EQ(labels_of(details(true)), (Words{{"team", "shop"}}));
}

TEST(ImageDetailsTest, AreReadBackAsTheyWereWritten) {
    const auto written = details(true);
    const auto read = decode_details(encode_details(written));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->labels, written.labels);
    EXPECT_EQ(read->annotations, written.annotations);
    EXPECT_EQ(read->every_platform, true);
    EXPECT_EQ(read->platforms.size(), 2U);
    EXPECT_EQ(read->created, written.created);
    EXPECT_FALSE(decode_details("other bytes"));
    EXPECT_FALSE(decode_details(""));
}

}  // namespace
}  // namespace linkspan::pipeline
