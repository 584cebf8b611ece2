#include "service/pipeline/tag_book.h"

#include "tests/unit/pipeline/deciding.h"

#include <fmt/format.h>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class TagBookTest : public ::testing::Test {
protected:
    TagBookTest() { reopen(); }

    void reopen(std::size_t most = TagBook::kMostTags) {
        book = std::make_unique<TagBook>(writer, most);
    }
    static store::TimePoint at(std::chrono::seconds since) {
        return store::TimePoint{1'700'000'000s} + since;
    }
    static image::ImageName name(const std::string& last) {
        return *image::ImageName::parse("registry.example.com/acme/" + last);
    }
    static TagNote note(
        const std::string& tag,
        std::optional<std::string> digest,
        std::chrono::seconds when,
        std::optional<std::string> created = {}
    ) {
        return {
            .tag = *image::Tag::parse(tag),
            .digest = std::move(digest),
            .created = std::move(created),
            .at = at(when)};
    }
    TagPage open(std::vector<TagNote> notes = {}, bool times = false) {
        return value_of(finish(context, book->open(app, times, std::move(notes))));
    }
    static std::vector<std::string> names(const TagPage& page) {
        std::vector<std::string> out;
        for (const auto& tag : page.table->tags) out.push_back(tag.tag);
        return out;
    }
    store::ListingChange list(
        std::vector<std::string> tags, std::chrono::seconds when, bool complete = true
    ) {
        auto shared = std::make_shared<const std::vector<std::string>>(std::move(tags));
        return value_of(finish(context, book->keep_listing(app, shared, at(when), complete)));
    }
    std::size_t forget_missing(std::vector<std::string> tags, std::chrono::seconds when) {
        auto shared = std::make_shared<const std::vector<std::string>>(std::move(tags));
        return value_of(finish(context, book->forget_missing(app, shared, at(when))));
    }

    void forget(const std::string& tag) {
        const auto task = [](TagBook& from, image::ImageName image, image::Tag which
                          ) -> boost::asio::awaitable<bool> {
            auto gone = co_await from.forget(std::move(image), std::move(which));
            co_return !gone.has_error();
        };
        EXPECT_TRUE(finish(context, task(*book, app, *image::Tag::parse(tag))));
    }

    boost::asio::io_context context{1};
    store::Writer writer{memory_store()};
    std::unique_ptr<TagBook> book;
    image::ImageName app = name("app");
};

TEST_F(TagBookTest, NotesAreInThePageAndInTheStore) {
    EXPECT_TRUE(open().table->tags.empty());
    EXPECT_FALSE(open().listed);
    open({note("b", "sha256:b", 1s), note("a", std::nullopt, 1s)});
    for (int round = 0; round < 2; ++round) {
        const auto page = open();
        EXPECT_THAT(names(page), ElementsAre("a", "b"));
        EXPECT_EQ(page.table->seen("b"), at(1s));
        EXPECT_FALSE(page.table->seen("a"));
        EXPECT_FALSE(page.table->seen("c"));
        reopen();
    }
}

TEST_F(TagBookTest, APageIsOfItsMoment) {
    const auto before = open({note("a", "sha256:a", 1s)});
    const auto after = open({note("b", "sha256:b", 2s)});
    EXPECT_THAT(names(before), ElementsAre("a"));
    EXPECT_THAT(names(after), ElementsAre("a", "b"));
    forget("a");
    EXPECT_THAT(names(after), ElementsAre("a", "b"));
    EXPECT_THAT(names(open()), ElementsAre("b"));
    EXPECT_FALSE(open().table->seen("a"));
}

TEST_F(TagBookTest, AMovedTagBeginsAnew) {
    open({note("a", "sha256:1", 1s, "2024-01-01T00:00:00Z")}, true);
    auto page = open({note("a", "sha256:2", 9s)}, true);
    EXPECT_EQ(page.table->seen("a"), at(9s));
    EXPECT_FALSE(page.table->tags[0].created);
    // Older news changes nothing.
    page = open({note("a", "sha256:1", 5s)}, true);
    EXPECT_EQ(page.table->seen("a"), at(9s));
}

TEST_F(TagBookTest, TimesAreReadWhenSomebodyWantsThem) {
    open({note("a", "sha256:1", 1s, "2024-01-01T00:00:00Z")});
    EXPECT_FALSE(open().table->tags[0].created);
    const auto page = open({}, true);
    EXPECT_EQ(page.table->tags[0].created, "2024-01-01T00:00:00Z");
    EXPECT_TRUE(page.table->tags[0].first_seen);
    EXPECT_TRUE(open().table->times) << "what is there is not read again";
}

TEST_F(TagBookTest, AListBringsAndTakes) {
    open({note("pushed", "sha256:p", 20s), note("old", "sha256:o", 1s)});
    const auto change = list({"a", "b"}, 10s);
    EXPECT_THAT(change.added, ElementsAre("a", "b"));
    EXPECT_EQ(change.removed, 1U);
    const auto page = open();
    EXPECT_THAT(names(page), ElementsAre("a", "b", "pushed"));
    ASSERT_TRUE(page.listed);
    EXPECT_EQ(page.listed->at, at(10s));
    EXPECT_TRUE(page.listed->complete);
    list({"c"}, 30s, false);
    EXPECT_THAT(names(open()), ElementsAre("a", "b", "c", "pushed"));
    EXPECT_FALSE(open().listed->complete);
}

TEST_F(TagBookTest, AListOfTheGoneBringsNothing) {
    list({"a", "b", "c"}, 10s);
    open({note("pushed", "sha256:p", 40s)});
    EXPECT_EQ(forget_missing({"b", "new"}, 30s), 2U);
    const auto page = open();
    EXPECT_THAT(names(page), ElementsAre("b", "pushed"));
    EXPECT_EQ(page.listed->at, at(10s)) << "the poller's own list is as old as it was";
    EXPECT_EQ(forget_missing({"b", "new"}, 30s), 0U);
}

TEST_F(TagBookTest, HoldsSoManyTagsAndReadsTheOthersAgain) {
    reopen(10);
    std::vector<std::string> tags;
    for (int i = 0; i < 6; ++i) tags.push_back(fmt::format("t{}", i));
    for (const char* last : {"one", "two", "three"}) {
        app = name(last);
        list(tags, 1s);
        EXPECT_EQ(open().table->tags.size(), 6U);
        EXPECT_LE(book->tags_held(), 10U);
    }
    app = name("one");
    EXPECT_EQ(open().table->tags.size(), 6U);
    // Larger than all that may be held: for its reader alone.
    app = name("huge");
    tags.clear();
    for (int i = 0; i < 20; ++i) tags.push_back(fmt::format("t{:02}", i));
    list(tags, 1s);
    EXPECT_EQ(open({note("new", "sha256:n", 2s)}).table->tags.size(), 21U);
    EXPECT_LE(book->tags_held(), 10U);
}

TEST_F(TagBookTest, WhatComesTogetherIsAllThere) {
    int done = 0;
    for (int i = 0; i < 50; ++i) {
        std::vector<TagNote> notes{note(fmt::format("t{:02}", i), "sha256:x", 1s)};
        boost::asio::co_spawn(
            context,
            book->open(app, i % 2 == 0, std::move(notes)),
            [&done](std::exception_ptr failure, const Result<TagPage>& page) {
                if (!failure && page.has_value()) ++done;
            }
        );
    }
    context.restart();
    context.run();
    EXPECT_EQ(done, 50);
    EXPECT_EQ(open().table->tags.size(), 50U);
    EXPECT_EQ(book->tags_held(), 50U);
}

}  // namespace
}  // namespace linkspan::pipeline
