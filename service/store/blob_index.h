// BlobIndex: what the scanner found in a blob, by blob id, so that after a restart only blobs that
// are new get read. A cache: any of it may be missing.
//
// Reached through Store::blob_index(), on the store's thread: go through many ids in chunks (a few
// thousand), so that deliveries get their turn in between. Errors: those of the store.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::store {

class Database;

struct IndexedBlob {
    // Bytes that name the blob, and what else the scan depends on (it looks at a file's name too).
    std::string blob_id;
    std::string places;  // bytes, as the caller encodes them; may be empty
};

struct KnownBlob {
    int scanner_version = 0;  // that found it
    std::string places;
};

struct Swept {
    std::size_t deleted = 0;
    // Where the next chunk begins; nullopt: that was all.
    std::optional<std::string> next;
};

class BlobIndex {
public:
    explicit BlobIndex(Database& database) : database_{database} {}

    Result<bool> empty();
    // What is known of each id, in the order of the ids, whatever version found it.
    Result<std::vector<std::optional<KnownBlob>>> get_many(std::span<const std::string> blob_ids);
    // Replaces what is known of these blobs, whatever version found it.
    Status put_many(std::span<const IndexedBlob> blobs, int scanner_version);
    // Looks at up to `limit` blobs behind `after` (empty: from the beginning), in the order of
    // their ids, and deletes those that `keep` does not want. In chunks over the whole table, the
    // table follows the repositories and not their history.
    Result<Swept> sweep(
        const std::string& after,
        std::size_t limit,
        const std::function<bool(std::string_view blob_id)>& keep
    );

private:
    Database& database_;
};

}  // namespace linkspan::store
