#include "service/pipeline/packed_rows.h"

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace {

// Far above what the allocator takes from its heaps: a block goes back to the system at once.
constexpr std::size_t kBlock = std::size_t{1} << 20U;

}  // namespace

void PackedRows::add(std::string_view key, std::string_view places) {
    const std::size_t size = key.size() + places.size();
    if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < size) {
        blocks_.emplace_back().reserve(std::max(kBlock, size));
    }
    std::string& block = blocks_.back();
    rows_.push_back(
        {.block = static_cast<std::uint32_t>(blocks_.size() - 1),
         .begin = static_cast<std::uint32_t>(block.size()),
         .key = static_cast<std::uint32_t>(key.size()),
         .places = static_cast<std::uint32_t>(places.size())}
    );
    block += key;
    block += places;
}

void PackedRows::append(PackedRows other) {
    const auto before = static_cast<std::uint32_t>(blocks_.size());
    for (auto& block : other.blocks_) blocks_.push_back(std::move(block));
    for (Row row : other.rows_) {
        row.block += before;
        rows_.push_back(row);
    }
}

std::vector<store::IndexedBlob> PackedRows::take(std::size_t count) {
    std::vector<store::IndexedBlob> out;
    out.reserve(std::min(count, rows_.size()));
    while (!rows_.empty() && out.size() < count) {
        const Row row = rows_.back();
        const std::string_view bytes =
            std::string_view{blocks_[row.block]}.substr(row.begin, row.key + row.places);
        out.push_back(
            {.blob_id = std::string{bytes.substr(0, row.key)},
             .places = std::string{bytes.substr(row.key)}}
        );
        rows_.pop_back();
        blocks_.resize(rows_.empty() ? 0 : rows_.back().block + 1);
    }
    if (rows_.empty()) *this = {};
    return out;
}

}  // namespace linkspan::pipeline
