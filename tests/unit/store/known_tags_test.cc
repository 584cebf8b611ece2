#include "service/store/known_tags.h"

#include "tests/unit/store/samples.h"

#include <algorithm>

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class KnownTagsTest : public testing::Test {
protected:
    void note(
        const std::string& tag,
        std::optional<std::string> digest,
        std::optional<std::string> created,
        std::chrono::seconds when
    ) {
        must(tags_.note_tag(image_, *image::Tag::parse(tag), digest, created, at(when)));
    }
    std::vector<std::string> names() {
        std::vector<std::string> names;
        for (const auto& tag : must(tags_.known_tags(image_))) names.push_back(tag.tag);
        return names;
    }
    ListingChange list(
        const std::vector<std::string>& tags, std::chrono::seconds when, bool complete = true
    ) {
        return must(tags_.replace_listing(image_, tags, at(when), complete));
    }

    std::unique_ptr<SqliteStore> store_ = open_store();
    KnownTags& tags_ = store_->known_tags();
    image::ImageName image_ = *image::ImageName::parse("registry.example.com/acme/app");
};

TEST_F(KnownTagsTest, ANoteIsRemembered) {
    EXPECT_TRUE(names().empty());
    note("1.0.0", "sha256:a", "2024-05-01T10:00:00Z", 5s);
    const auto known = must(tags_.known_tags(image_));
    ASSERT_EQ(known.size(), 1U);
    EXPECT_EQ(known[0].tag, "1.0.0");
    EXPECT_EQ(known[0].digest, "sha256:a");
    EXPECT_EQ(known[0].first_seen, at(5s));
    EXPECT_EQ(known[0].last_seen, at(5s));
    EXPECT_EQ(known[0].created, "2024-05-01T10:00:00Z");
}

TEST_F(KnownTagsTest, NotesComeTogether) {
    struct Note {
        std::optional<std::string> digest;
        std::optional<std::string> created;
        std::chrono::seconds when;
    };
    struct Case {
        std::string name;
        std::vector<Note> notes;
        KnownTag expected;
    };
    const auto expected = [](std::optional<std::string> digest,
                             std::optional<std::string> created,
                             std::chrono::seconds first,
                             std::chrono::seconds last) {
        return KnownTag{"t", std::move(digest), at(first), at(last), std::move(created), {}};
    };
    for (const Case& c : std::vector<Case>{
             {"again", {{"a", "c", 1s}, {"a", "c", 5s}}, expected("a", "c", 1s, 5s)},
             {"facts that came later",
              {{std::nullopt, std::nullopt, 1s}, {"a", "c", 5s}},
              expected("a", "c", 1s, 5s)},
             {"facts that are not told again stay",
              {{"a", "c", 1s}, {std::nullopt, std::nullopt, 5s}},
              expected("a", "c", 1s, 5s)},
             {"out of order", {{"a", "c", 5s}, {"a", "c", 1s}}, expected("a", "c", 1s, 5s)},
             {"moved to another image",
              {{"a", "c", 1s}, {"b", std::nullopt, 5s}},
              expected("b", std::nullopt, 5s, 5s)},
             {"moved and back",
              {{"a", "c", 1s}, {"b", "d", 5s}, {"a", "c", 9s}},
              expected("a", "c", 9s, 9s)},
             {"old news of another image",
              {{"b", "d", 5s}, {"a", "c", 1s}},
              expected("b", "d", 5s, 5s)},
         }) {
        SCOPED_TRACE(c.name);
        must(tags_.forget_tag(image_, *image::Tag::parse("t")));
        for (const Note& n : c.notes) note("t", n.digest, n.created, n.when);
        const auto known = must(tags_.known_tags(image_));
        ASSERT_EQ(known.size(), 1U);
        EXPECT_EQ(known[0].digest, c.expected.digest);
        EXPECT_EQ(known[0].created, c.expected.created);
        EXPECT_EQ(known[0].first_seen, c.expected.first_seen);
        EXPECT_EQ(known[0].last_seen, c.expected.last_seen);
    }
}

TEST_F(KnownTagsTest, ADigestIsSeenFromWhenItWasFirstTold) {
    list({"t"}, 1s);
    EXPECT_EQ(must(tags_.find(image_, *image::Tag::parse("t")))->digest_seen, std::nullopt);
    struct Case {
        std::string digest;
        std::chrono::seconds when;
        std::chrono::seconds expected;
    };
    // Listed long before: it may have been another image then.
    for (const Case& c : std::vector<Case>{
             {"a", 10s, 10s},
             {"a", 20s, 10s},
             {"a", 8s, 8s},
             {"b", 30s, 30s},
             {"a", 25s, 30s},
             {"a", 40s, 40s}}) {
        SCOPED_TRACE(c.when.count());
        note("t", c.digest, std::nullopt, c.when);
        EXPECT_EQ(must(tags_.find(image_, *image::Tag::parse("t")))->digest_seen, at(c.expected));
    }
    EXPECT_EQ(must(tags_.find(image_, *image::Tag::parse("other"))), std::nullopt);
}

TEST_F(KnownTagsTest, ImagesAreApart) {
    note("1.0.0", "sha256:a", std::nullopt, 1s);
    const auto other = *image::ImageName::parse("registry.example.com/acme/other");
    EXPECT_TRUE(must(tags_.known_tags(other)).empty());
    EXPECT_FALSE(must(tags_.forget_tag(other, *image::Tag::parse("1.0.0"))));
    must(tags_.replace_listing(other, std::vector<std::string>{"x"}, at(1s)));
    EXPECT_EQ(names(), std::vector<std::string>{"1.0.0"});
}

TEST_F(KnownTagsTest, AForgottenTagIsGone) {
    note("1.0.0", "sha256:a", std::nullopt, 1s);
    EXPECT_TRUE(must(tags_.forget_tag(image_, *image::Tag::parse("1.0.0"))));
    EXPECT_FALSE(must(tags_.forget_tag(image_, *image::Tag::parse("1.0.0"))));
    EXPECT_TRUE(names().empty());
}

TEST_F(KnownTagsTest, AListReplacesWhatWasKnown) {
    note("gone", "sha256:a", std::nullopt, 1s);
    note("stays", "sha256:b", "c", 2s);
    const auto change = list({"stays", "new", "B", "a"}, 10s);
    EXPECT_EQ(change.added, (std::vector<std::string>{"B", "a", "new"}));
    EXPECT_EQ(change.removed, 1U);
    const auto known = must(tags_.known_tags(image_));
    ASSERT_EQ(known.size(), 4U);
    EXPECT_EQ(names(), (std::vector<std::string>{"B", "a", "new", "stays"}));
    EXPECT_EQ(known[2].first_seen, at(10s));
    EXPECT_EQ(known[2].digest, std::nullopt);
    EXPECT_EQ(known[3].digest, "sha256:b");
    EXPECT_EQ(known[3].created, "c");
    EXPECT_EQ(known[3].first_seen, at(2s));
    EXPECT_EQ(known[3].last_seen, at(10s));
}

TEST_F(KnownTagsTest, ListsMayHoldATagTwiceAndInAnyOrder) {
    const auto change = list({"b", "a", "b"}, 1s);
    EXPECT_EQ(change.added.size(), 2U);
    EXPECT_EQ(must(tags_.listing_state(image_))->tags, 2U);
    EXPECT_EQ(list({}, 2s).removed, 2U);
    EXPECT_TRUE(names().empty());
}

TEST_F(KnownTagsTest, AnEqualListWritesOnlyItsTime) {
    std::vector<std::string> tags;
    for (int i = 0; i < 1000; ++i) tags.push_back(fmt::format("1.0.{}", i));
    list(tags, 1s);
    const auto before = must(store_->database().integer("SELECT total_changes()"));
    const auto change = list(tags, 2s);
    EXPECT_EQ(change.added.size() + change.removed, 0U);
    EXPECT_EQ(must(store_->database().integer("SELECT total_changes()")) - before, 1);
    EXPECT_EQ(must(tags_.known_tags(image_)).front().last_seen, at(2s));
}

TEST_F(KnownTagsTest, ATagPushedAfterTheListWasTakenStays) {
    note("pushed", "sha256:a", std::nullopt, 20s);
    EXPECT_EQ(list({"other"}, 10s).removed, 0U);
    EXPECT_EQ(names(), (std::vector<std::string>{"other", "pushed"}));
}

TEST_F(KnownTagsTest, AListThatWasCutForgetsNothing) {
    list({"a", "b"}, 1s);
    EXPECT_EQ(list({"b", "c"}, 2s, /*complete=*/false).removed, 0U);
    EXPECT_EQ(names(), (std::vector<std::string>{"a", "b", "c"}));
    const auto state = must(tags_.listing_state(image_));
    ASSERT_TRUE(state.has_value());
    EXPECT_FALSE(state->complete);
    EXPECT_EQ(state->at, at(2s));
    EXPECT_EQ(state->tags, 2U);
    // a was last seen when it was listed.
    EXPECT_EQ(must(tags_.known_tags(image_)).front().last_seen, at(1s));
}

TEST_F(KnownTagsTest, AListMayTellOnlyWhatIsGone) {
    list({"a", "b", "c"}, 10s);
    note("pushed", "sha256:p", std::nullopt, 40s);
    const std::vector<std::string> left{"new", "b", "b"};
    EXPECT_EQ(must(tags_.forget_missing(image_, left, at(30s))), 2U);
    EXPECT_EQ(names(), (std::vector<std::string>{"b", "pushed"}));
    EXPECT_EQ(must(tags_.listing_state(image_))->at, at(10s));
    EXPECT_EQ(must(tags_.forget_missing(image_, left, at(30s))), 0U);
    const auto other = *image::ImageName::parse("registry.example.com/acme/other");
    EXPECT_EQ(must(tags_.forget_missing(other, left, at(30s))), 0U);
}

TEST_F(KnownTagsTest, AnOldListIsIgnored) {
    list({"new"}, 10s);
    EXPECT_EQ(list({"old"}, 9s).added.size(), 0U);
    EXPECT_EQ(names(), std::vector<std::string>{"new"});
    EXPECT_EQ(must(tags_.listing_state(image_))->at, at(10s));
}

TEST_F(KnownTagsTest, SaysWhenTheImageWasListed) {
    EXPECT_FALSE(must(tags_.listing_state(image_)).has_value());
    note("1.0.0", std::nullopt, std::nullopt, 1s);
    EXPECT_FALSE(must(tags_.listing_state(image_)).has_value());
    list({"a"}, 7s);
    const auto state = must(tags_.listing_state(image_));
    ASSERT_TRUE(state.has_value());
    EXPECT_EQ(state->at, at(7s));
    EXPECT_EQ(state->tags, 1U);
    EXPECT_TRUE(state->complete);
}

}  // namespace
}  // namespace linkspan::store
