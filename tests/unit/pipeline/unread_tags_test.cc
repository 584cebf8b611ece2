#include "service/pipeline/unread_tags.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using What = UnreadTags::What;

class UnreadTagsTest : public ::testing::Test {
protected:
    static image::Tag tag(const std::string& text) { return *image::Tag::parse(text); }

    UnreadTags unread;
    image::ImageName app = *image::ImageName::parse("registry.example.com/acme/app");
    image::ImageName web = *image::ImageName::parse("registry.example.com/acme/web");
    UnreadTags::Time now{1h};
};

TEST_F(UnreadTagsTest, TellsWhyForAWhile) {
    unread.note(app, tag("a"), What::Digest, "403", now);
    unread.note(app, tag("b"), What::Image, "torn", now);
    EXPECT_THAT(unread.of(app, true, now), ElementsAre(Pair("a", "403"), Pair("b", "torn")));
    EXPECT_THAT(unread.of(app, false, now), ElementsAre(Pair("a", "403")));
    EXPECT_THAT(unread.of(web, true, now), IsEmpty());
    EXPECT_THAT(unread.of(app, true, now + UnreadTags::kFor), IsEmpty());
}

TEST_F(UnreadTagsTest, ForgetsWhatWasReadAfterAll) {
    unread.note(app, tag("a"), What::Digest, "403", now);
    unread.clear(app, tag("b"));
    unread.clear(web, tag("a"));
    EXPECT_EQ(unread.of(app, true, now).size(), 1U);
    unread.clear(app, tag("a"));
    EXPECT_THAT(unread.of(app, true, now), IsEmpty());
}

TEST_F(UnreadTagsTest, IsBounded) {
    for (std::size_t i = 0; i < UnreadTags::kMost; ++i) {
        unread.note(app, tag(fmt::format("old-{}", i)), What::Digest, "403", now);
    }
    EXPECT_EQ(unread.of(app, true, now).size(), UnreadTags::kMost);
    // What is over goes first, and if all of it counts, all of it.
    now += UnreadTags::kFor;
    unread.note(app, tag("new"), What::Digest, "403", now);
    for (std::size_t i = 0; i < UnreadTags::kMost; ++i) {
        unread.note(web, tag(fmt::format("newer-{}", i)), What::Digest, "403", now);
    }
    EXPECT_LE(unread.of(web, true, now).size(), UnreadTags::kMost);
    EXPECT_FALSE(unread.of(web, true, now).empty());
}

}  // namespace
}  // namespace linkspan::pipeline
