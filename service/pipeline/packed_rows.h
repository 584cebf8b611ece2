// PackedRows: many small rows on their way to the store, in few large blocks of memory.
//
// A first look at a large repository makes a row for every file, beside the index that stays. Each
// in strings of its own, the rows would leave holes all over the memory of the index when they are
// written, and the process would keep twice what it needs. Not safe for threads.
#pragma once

#include "service/store/blob_index.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::pipeline {

class PackedRows {
public:
    void add(std::string_view key, std::string_view places);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    // Moves all of the other's rows behind these.
    void append(PackedRows other);
    // The last rows, at most so many, are taken out.
    std::vector<store::IndexedBlob> take(std::size_t count);

private:
    struct Row {
        std::uint32_t block = 0;
        std::uint32_t begin = 0;
        std::uint32_t key = 0;  // bytes
        std::uint32_t places = 0;
    };
    std::vector<std::string> blocks_;
    std::vector<Row> rows_;
};

}  // namespace linkspan::pipeline
