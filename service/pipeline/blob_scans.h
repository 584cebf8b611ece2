// BlobScans: what was found in blobs, kept in the store for the next start. A cache: whatever can't
// be read from it is found again.
//
// Shared by the branches of all repositories; any thread but the store's. Rows are written behind
// the caller's back, one chunk in a transaction at a time, so that deliveries never wait for more
// than one. Must not outlive the Writer.
#pragma once

#include "core/manifest/place.h"
#include "service/pipeline/packed_rows.h"
#include "service/store/store.h"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::pipeline {

// A blob's id as its 20 bytes.
using BlobBytes = std::array<unsigned char, 20>;
BlobBytes to_bytes(const std::string& hex);
std::string to_hex(const BlobBytes& blob);

class BlobScans {
public:
    // Null: nothing is kept.
    explicit BlobScans(store::Writer* writer);
    ~BlobScans();
    BlobScans(const BlobScans&) = delete;
    BlobScans& operator=(const BlobScans&) = delete;

    // The key of a scan: blob, the file's own name, and what was looked for besides shapes.
    static std::string key(const BlobBytes& blob, std::string_view name, std::string_view rule);

    struct Kept {
        manifest::Scan scan;
        bool current = false;  // found by this version of the scanner
    };
    // In the order of the keys; nullopt: not known. Blocks for as long as the store takes.
    [[nodiscard]] std::vector<std::optional<Kept>> get(const std::vector<std::string>& keys) const;
    // Returns at once.
    void put(PackedRows rows);
    // Waits until everything is in the store that was put.
    void flush();
    // Deletes what was found in blobs that are not among these (sorted). Blocks; how many.
    Result<std::size_t> collect(const std::vector<BlobBytes>& live) const;

private:
    struct Queue;
    store::Writer* writer_;
    std::shared_ptr<Queue> queue_;
};

}  // namespace linkspan::pipeline
