// TagBook: the known tags of each image, from the store, kept in memory while they are used, so
// that an event costs what changed and not the length of a list.
//
// Lives on the io_context thread. Whatever is told to it is on the disk before it returns. Reads
// and writes of the store come back in the order in which they were made there, and what a write
// changed is put into memory when it comes back: so memory is never behind what a later read would
// find.
//
// Memory is bounded by the number of tags, not of images: beyond it, the image that was used least
// recently is dropped, and read again when it is wanted.
#pragma once

#include "core/image/reference.h"
#include "core/policy/select.h"
#include "core/result.h"
#include "service/store/known_tags.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace linkspan::pipeline {

struct TagTable {
    std::vector<policy::KnownTag> tags;  // ordered by their bytes
    // Of the tags whose digest is known: when they were first seen with it.
    std::unordered_map<std::string, store::TimePoint> digest_seen;
    bool times = false;  // whether `tags` have `created` and `first_seen`

    // Of digest_seen.
    [[nodiscard]] std::optional<store::TimePoint> seen(std::string_view tag) const;
};

// One image at one moment. What changes later is in another table.
struct TagPage {
    std::shared_ptr<const TagTable> table;
    std::optional<store::ListingState> listed;  // nullopt: never
};

// What is heard of a tag.
struct TagNote {
    image::Tag tag;
    std::optional<std::string> digest{};
    std::optional<std::string> created{};  // empty: the image does not say
    store::TimePoint at{};
};

class TagBook {
public:
    static constexpr std::size_t kMostTags = 250'000;

    explicit TagBook(store::Writer& writer, std::size_t most_tags = kMostTags)
        : writer_{writer}, most_tags_{most_tags} {}

    // `times`: for policies that look at them; they make the table twice as large. `notes` first.
    // Errors: those of the store.
    boost::asio::awaitable<Result<TagPage>> open(
        image::ImageName image, bool times, std::vector<TagNote> notes = {}
    );
    // One tag, as the store has it.
    boost::asio::awaitable<Result<std::optional<store::KnownTag>>> find(
        image::ImageName image, image::Tag tag
    );
    boost::asio::awaitable<Status> forget(image::ImageName image, image::Tag tag);
    // What a registry listed when it was asked at `at`. `also` happens in the same transaction.
    boost::asio::awaitable<Result<store::ListingChange>> keep_listing(
        image::ImageName image,
        std::shared_ptr<const std::vector<std::string>> tags,
        store::TimePoint at,
        bool complete,
        std::function<Status(store::Store&)> also = {}
    );

    // The tags that a complete list of `at` lacks are forgotten, and nothing else is learned from
    // it; how many.
    boost::asio::awaitable<Result<std::size_t>> forget_missing(
        image::ImageName image,
        std::shared_ptr<const std::vector<std::string>> tags,
        store::TimePoint at
    );

    [[nodiscard]] std::size_t tags_held() const { return held_; }

private:
    struct Entry {
        std::string image;
        std::shared_ptr<TagTable> table;
    };
    using Entries = std::list<Entry>;  // the most recently used first

    Entry* look_up(const std::string& image);
    void put(const std::string& image, std::shared_ptr<TagTable> table);
    void drop(const std::string& image);
    void apply(const std::string& image, const store::KnownTag& known);
    // The table of an entry, to be changed: a copy when somebody reads it.
    TagTable& own(Entry& entry);

    store::Writer& writer_;
    std::size_t most_tags_;
    std::size_t held_ = 0;
    Entries entries_;
    std::map<std::string, Entries::iterator, std::less<>> by_image_;
};

}  // namespace linkspan::pipeline
