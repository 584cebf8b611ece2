// BlobIndex: what the scanner found in a blob, by blob id, so that after a restart only blobs that
// are new get read. A cache: any of it may be missing.
//
// Reached through Store::blob_index(), on the store's thread: go through many ids in chunks (a few
// thousand), so that deliveries get their turn in between. Errors: those of the store.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace linkspan::store {

class Database;

struct IndexedBlob {
    // Bytes that name the blob, and what else the scan depends on (it looks at a file's name too).
    std::string blob_id;
    std::string places;  // bytes, as the caller encodes them; may be empty
};

class BlobIndex {
public:
    explicit BlobIndex(Database& database) : database_{database} {}

    // The places for each id, in the order of the ids; nullopt: not known to this version.
    Result<std::vector<std::optional<std::string>>> get_many(
        std::span<const std::string> blob_ids, int scanner_version
    );
    // Replaces what is known of these blobs, whatever version found it.
    Status put_many(std::span<const IndexedBlob> blobs, int scanner_version);
    // Deletes everything but these blobs, in this version; how many went. For after a whole index
    // was made, so that the table follows the repositories and not their history.
    Result<std::size_t> retain(std::span<const std::string> blob_ids, int scanner_version);

private:
    Database& database_;
};

}  // namespace linkspan::store
