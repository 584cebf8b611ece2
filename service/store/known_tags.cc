#include "service/store/known_tags.h"

#include "service/store/database.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace linkspan::store {

Result<std::optional<std::int64_t>> KnownTags::find_image(const image::ImageName& image) {
    LINKSPAN_TRY(row, database_.query("SELECT id FROM images WHERE name = ?", {image.str()}));
    LINKSPAN_TRY(found, row.next());
    return found ? std::optional{row.integer(0)} : std::nullopt;
}

Result<std::int64_t> KnownTags::ensure_image(const image::ImageName& image) {
    LINKSPAN_TRY(id, find_image(image));
    if (id) return *id;
    auto status = database_.run("INSERT INTO images (name) VALUES (?)", {image.str()});
    if (status.has_error()) return status.error();
    return database_.last_id();
}

Status KnownTags::note_tag(
    const image::ImageName& image,
    const image::Tag& tag,
    const std::optional<std::string>& digest,
    const std::optional<std::string>& created,
    TimePoint at
) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    LINKSPAN_TRY(id, ensure_image(image));
    // A comparison with NULL is not true: unknown digests never count as moved.
    auto status = database_.run(
        "INSERT INTO known_tags (image, tag, digest, first_seen, last_seen, created, digest_at) "
        "VALUES (?1, ?2, ?3, ?4, ?4, ?5, iif(?3 IS NULL, NULL, ?4)) ON CONFLICT (image, tag) DO "
        "UPDATE SET "
        "first_seen = iif(digest <> excluded.digest, excluded.first_seen, "
        "  min(first_seen, excluded.first_seen)), "
        "created = iif(digest <> excluded.digest, excluded.created, "
        "  coalesce(excluded.created, created)), "
        "digest_at = iif(excluded.digest IS NULL, digest_at, iif(digest = excluded.digest, "
        "  min(coalesce(digest_at, first_seen), excluded.digest_at), excluded.digest_at)), "
        "digest = coalesce(excluded.digest, digest), "
        "last_seen = max(last_seen, excluded.last_seen) "
        "WHERE NOT coalesce(digest <> excluded.digest AND excluded.last_seen < last_seen, 0)",
        {id, tag.str(), digest, at, created}
    );
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("noting a tag");
    return {};
}

namespace {

// Whatever is known since before the last complete list was in it: last_seen.
KnownTag read_known_tag(const Query& row) {
    KnownTag known{
        .tag = row.text(0),
        .digest = row.optional_text(1),
        .first_seen = row.time(2),
        .last_seen = row.time(3),
        .created = row.optional_text(4),
        .digest_seen = std::nullopt,
    };
    if (known.digest) known.digest_seen = row.time(5);
    return known;
}

}  // namespace

Result<std::optional<KnownTag>> KnownTags::find(
    const image::ImageName& image, const image::Tag& tag
) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT t.tag, t.digest, t.first_seen, max(t.last_seen, coalesce(i.complete_at, 0)), "
            "t.created, coalesce(t.digest_at, t.first_seen) "
            "FROM images i CROSS JOIN known_tags t ON t.image = i.id WHERE i.name = ? AND t.tag = "
            "?",
            {image.str(), tag.str()}
        )
    );
    LINKSPAN_TRY(found, row.next());
    return found ? std::optional{read_known_tag(row)} : std::nullopt;
}

Status KnownTags::each(const image::ImageName& image, const std::function<void(KnownTag)>& visit) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT t.tag, t.digest, t.first_seen, max(t.last_seen, coalesce(i.complete_at, 0)), "
            "t.created, coalesce(t.digest_at, t.first_seen) "
            "FROM images i CROSS JOIN known_tags t ON t.image = i.id "
            "WHERE i.name = ? ORDER BY t.tag",
            {image.str()}
        )
    );
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) return {};
        visit(read_known_tag(row));
    }
}

Result<std::vector<KnownTag>> KnownTags::known_tags(const image::ImageName& image) {
    std::vector<KnownTag> tags;
    auto status = each(image, [&tags](KnownTag known) { tags.push_back(std::move(known)); });
    if (status.has_error()) return status.error();
    return tags;
}

Result<bool> KnownTags::forget_tag(const image::ImageName& image, const image::Tag& tag) {
    auto status = database_.run(
        "DELETE FROM known_tags WHERE image = (SELECT id FROM images WHERE name = ?) AND tag = ?",
        {image.str(), tag.str()}
    );
    if (status.has_error()) return status.error().within("forgetting a tag");
    return database_.changes() > 0;
}

namespace {

std::vector<std::string_view> in_order(std::span<const std::string> tags) {
    std::vector<std::string_view> listed{tags.begin(), tags.end()};
    std::sort(listed.begin(), listed.end());
    listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
    return listed;
}

}  // namespace

Result<KnownTags::Difference> KnownTags::compare(
    std::int64_t image, std::span<const std::string_view> listed, TimePoint at
) {
    // Both are in the order of their bytes: one walk over the two tells what came and what went.
    Difference out;
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT tag, last_seen > ? FROM known_tags WHERE image = ? ORDER BY tag", {at, image}
        )
    );
    auto next = listed.begin();
    for (;;) {
        LINKSPAN_TRY(more, row.next());
        if (!more) break;
        auto known = row.text(0);
        while (next != listed.end() && *next < known) out.added.emplace_back(*next++);
        if (next != listed.end() && *next == known) {
            ++next;
        } else if (row.integer(1) == 0) {
            out.missing.push_back(std::move(known));
        }
    }
    out.added.insert(out.added.end(), next, listed.end());
    return out;
}

Status KnownTags::forget(std::int64_t image, const std::vector<std::string>& tags) {
    for (const auto& tag : tags) {
        auto status =
            database_.run("DELETE FROM known_tags WHERE image = ? AND tag = ?", {image, tag});
        if (status.has_error()) return status;
    }
    return {};
}

Result<ListingChange> KnownTags::replace_listing(
    const image::ImageName& image, std::span<const std::string> tags, TimePoint at, bool complete
) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    LINKSPAN_TRY(state, listing_state(image));
    if (state && at < state->at) return ListingChange{};
    LINKSPAN_TRY(id, ensure_image(image));
    const auto listed = in_order(tags);
    LINKSPAN_TRY(difference, compare(id, listed, at));
    if (!complete) difference.missing.clear();
    Status status;
    for (const auto& tag : difference.added) {
        status = database_.run(
            "INSERT INTO known_tags (image, tag, first_seen, last_seen) VALUES (?1, ?2, ?3, ?3)",
            {id, tag, at}
        );
        if (status.has_error()) break;
    }
    if (!status.has_error()) status = forget(id, difference.missing);
    if (!status.has_error()) {
        status = database_.run(
            "UPDATE images SET listed_at = ?1, listed_tags = ?2, "
            "complete_at = iif(?3, ?1, complete_at) WHERE id = ?4",
            {at, listed.size(), complete, id}
        );
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("keeping a list of tags");
    return ListingChange{
        .added = std::move(difference.added), .removed = difference.missing.size()};
}

Result<std::size_t> KnownTags::forget_missing(
    const image::ImageName& image, std::span<const std::string> tags, TimePoint at
) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    LINKSPAN_TRY(id, find_image(image));
    if (!id) return std::size_t{0};
    const auto listed = in_order(tags);
    LINKSPAN_TRY(difference, compare(*id, listed, at));
    auto status = forget(*id, difference.missing);
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("forgetting tags that are gone");
    return difference.missing.size();
}

Result<std::optional<ListingState>> KnownTags::listing_state(const image::ImageName& image) {
    LINKSPAN_TRY(
        row,
        database_.query(
            "SELECT listed_at, listed_tags, complete_at IS listed_at FROM images "
            "WHERE name = ? AND listed_at IS NOT NULL",
            {image.str()}
        )
    );
    LINKSPAN_TRY(found, row.next());
    if (!found) return std::optional<ListingState>{};
    return std::optional{ListingState{
        .at = row.time(0),
        .tags = static_cast<std::size_t>(row.integer(1)),
        .complete = row.integer(2) != 0,
    }};
}

}  // namespace linkspan::store
