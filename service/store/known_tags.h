// KnownTags: the tags of each image that we have heard of, from pushes and from the registry's
// lists, so that deciding needs no list from the registry each time.
//
// Reached through Store::known_tags(), on the store's thread. Errors: those of the store.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/store/time_point.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

class Database;

struct KnownTag {
    std::string tag;
    std::optional<std::string> digest;  // as we were told
    // A tag that is moved to another image starts anew.
    TimePoint first_seen;
    TimePoint last_seen;
    std::optional<std::string> created;  // RFC 3339, as the image says; empty: it says nothing
    // With this digest: what is waited for (a soak) begins here, since a tag that was only listed
    // may have been another image before. nullopt: the digest is not known.
    std::optional<TimePoint> digest_seen;
};

struct ListingState {
    TimePoint at;          // of the newest list
    std::size_t tags = 0;  // how many it had
    bool complete = true;  // false: the registry had more than we take
};

struct ListingChange {
    std::vector<std::string> added;  // ordered by their bytes
    std::size_t removed = 0;
};

class KnownTags {
public:
    explicit KnownTags(Database& database) : database_{database} {}

    // Seen at `at`, by a push or by asking for it. What is not known (nullopt) stays as it was. A
    // digest that is older news than the one we have is ignored.
    Status note_tag(
        const image::ImageName& image,
        const image::Tag& tag,
        const std::optional<std::string>& digest,
        const std::optional<std::string>& created,
        TimePoint at
    );
    // One of them; nullopt: not known.
    Result<std::optional<KnownTag>> find(const image::ImageName& image, const image::Tag& tag);
    // Ordered by the bytes of the tag.
    Result<std::vector<KnownTag>> known_tags(const image::ImageName& image);
    // The same one by one: a million of them need not be held twice.
    Status each(const image::ImageName& image, const std::function<void(KnownTag)>& visit);
    // False when it was not known.
    Result<bool> forget_tag(const image::ImageName& image, const image::Tag& tag);

    // What the registry listed when asked at `at`, in any order. A complete list forgets the tags
    // that it lacks, unless they were seen after `at`. A list older than the newest one is ignored.
    // Writes what changed, not the list.
    Result<ListingChange> replace_listing(
        const image::ImageName& image,
        std::span<const std::string> tags,
        TimePoint at,
        bool complete = true
    );
    // A complete list, as far as it tells what is gone: forgets the tags that it lacks, unless they
    // were seen after `at`; how many.
    Result<std::size_t> forget_missing(
        const image::ImageName& image, std::span<const std::string> tags, TimePoint at
    );
    // nullopt: never listed.
    Result<std::optional<ListingState>> listing_state(const image::ImageName& image);

private:
    Result<std::optional<std::int64_t>> find_image(const image::ImageName& image);
    Result<std::int64_t> ensure_image(const image::ImageName& image);
    struct Difference {  // of a list and of what is known, both ordered by their bytes
        std::vector<std::string> added;
        std::vector<std::string> missing;  // and not seen after the list
    };
    Result<Difference> compare(
        std::int64_t image, std::span<const std::string_view> listed, TimePoint at
    );
    Status forget(std::int64_t image, const std::vector<std::string>& tags);
    Database& database_;
};

}  // namespace linkspan::store
