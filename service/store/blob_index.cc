#include "service/store/blob_index.h"

#include "service/store/database.h"

#include <algorithm>
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

Result<std::vector<std::optional<std::string>>> BlobIndex::get_many(
    std::span<const std::string> blob_ids, int scanner_version
) {
    std::vector<std::optional<std::string>> found(blob_ids.size());
    for (const std::size_t i : in_order(blob_ids, itself)) {
        LINKSPAN_TRY(
            row,
            database_.query(
                "SELECT places FROM blob_index WHERE blob = ? AND version = ?",
                {Blob{blob_ids[i]}, scanner_version}
            )
        );
        LINKSPAN_TRY(known, row.next());
        if (known) found[i] = row.text(0);
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

Result<std::size_t> BlobIndex::retain(std::span<const std::string> blob_ids, int scanner_version) {
    LINKSPAN_TRY(transaction, Transaction::begin(database_));
    std::vector<std::string> unwanted;
    {
        const auto order = in_order(blob_ids, itself);
        auto next = order.begin();
        LINKSPAN_TRY(row, database_.query("SELECT blob, version FROM blob_index ORDER BY blob"));
        for (;;) {
            LINKSPAN_TRY(more, row.next());
            if (!more) break;
            auto id = row.text(0);
            while (next != order.end() && blob_ids[*next] < id) ++next;
            const bool wanted = next != order.end() && blob_ids[*next] == id;
            if (!wanted || row.integer(1) != scanner_version) unwanted.push_back(std::move(id));
        }
    }
    Status status;
    for (std::size_t i = 0; i < unwanted.size() && !status.has_error(); ++i) {
        status = database_.run("DELETE FROM blob_index WHERE blob = ?", {Blob{unwanted[i]}});
    }
    if (!status.has_error()) status = transaction.commit();
    if (status.has_error()) return status.error().within("pruning the index of blobs");
    return unwanted.size();
}

}  // namespace linkspan::store
