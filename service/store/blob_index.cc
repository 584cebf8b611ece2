#include "service/store/blob_index.h"

#include "service/store/database.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

namespace linkspan::store {

namespace {

// Neighbours in the table one after the other: ids are hashes, and each page is touched once.
template <class Item, class Id>
std::vector<std::size_t> in_order(std::span<const Item> items, Id id) {
    std::vector<std::size_t> order(items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return id(items[a]) < id(items[b]);
    });
    return order;
}

const std::string& itself(const std::string& id) { return id; }

}  // namespace

Result<bool> BlobIndex::empty() {
    LINKSPAN_TRY(row, database_.query("SELECT 1 FROM blob_index LIMIT 1", {}));
    LINKSPAN_TRY(any, row.next());
    return !any;
}

Result<std::vector<std::optional<KnownBlob>>> BlobIndex::get_many(
    std::span<const std::string> blob_ids
) {
    std::vector<std::optional<KnownBlob>> found(blob_ids.size());
    for (const std::size_t i : in_order(blob_ids, itself)) {
        LINKSPAN_TRY(
            row,
            database_.query(
                "SELECT version, places FROM blob_index WHERE blob = ?", {Blob{blob_ids[i]}}
            )
        );
        LINKSPAN_TRY(known, row.next());
        if (known) found[i] = KnownBlob{static_cast<int>(row.integer(0)), row.text(1)};
    }
    return found;
}

Status BlobIndex::put_many(std::span<const IndexedBlob> blobs, int scanner_version) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    Status status;
    for (const std::size_t i :
         in_order(blobs, [](const IndexedBlob& b) -> const std::string& { return b.blob_id; })) {
        status = database_.run(
            "INSERT INTO blob_index (blob, version, places) VALUES (?, ?, ?) "
            "ON CONFLICT (blob) DO UPDATE SET version = excluded.version, places = excluded.places",
            {Blob{blobs[i].blob_id}, scanner_version, Blob{blobs[i].places}}
        );
        if (status.has_error()) break;
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("keeping the index of blobs");
    return {};
}

Result<Swept> BlobIndex::sweep(
    const std::string& after,
    std::size_t limit,
    const std::function<bool(std::string_view blob_id)>& keep
) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    Swept swept;
    std::vector<std::string> unwanted;
    {
        LINKSPAN_TRY(
            row,
            database_.query(
                "SELECT blob FROM blob_index WHERE blob > ? ORDER BY blob LIMIT ?",
                {Blob{after}, static_cast<std::int64_t>(limit)}
            )
        );
        std::size_t seen = 0;
        for (;;) {
            LINKSPAN_TRY(more, row.next());
            if (!more) break;
            auto id = row.text(0);
            if (++seen == limit) swept.next = id;
            if (!keep(id)) unwanted.push_back(std::move(id));
        }
    }
    Status status;
    for (std::size_t i = 0; i < unwanted.size() && !status.has_error(); ++i) {
        status = database_.run("DELETE FROM blob_index WHERE blob = ?", {Blob{unwanted[i]}});
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("pruning the index of blobs");
    swept.deleted = unwanted.size();
    return swept;
}

}  // namespace linkspan::store
