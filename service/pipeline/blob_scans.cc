#include "service/pipeline/blob_scans.h"

#include "core/manifest/scan.h"
#include "core/manifest/stored_scan.h"

#include <spdlog/spdlog.h>

#include <malloc.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <span>
#include <utility>

namespace linkspan::pipeline {
namespace {

// Rows for one transaction: some milliseconds.
constexpr std::size_t kChunk = 512;
constexpr std::size_t kSweep = 2048;

template <class T>
Result<T> wait_for(store::Writer& writer, std::function<Result<T>(store::Store&)> operation) {
    auto value = std::make_shared<std::optional<Result<T>>>();
    auto done = std::make_shared<std::promise<Status>>();
    auto status = done->get_future();
    writer.run(
        [value, operation = std::move(operation)](store::Store& store) -> Status {
            value->emplace(operation(store));
            if ((*value)->has_error()) return (*value)->error();
            return {};
        },
        [done](Status ended) { done->set_value(std::move(ended)); }
    );
    if (auto ended = status.get(); ended.has_error()) return ended.error();
    return std::move(**value);
}

}  // namespace

BlobBytes to_bytes(const std::string& hex) {
    const auto digit = [](char c) {
        return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    };
    BlobBytes out{};
    for (std::size_t i = 0; i < out.size() && 2 * i + 1 < hex.size(); ++i) {
        out[i] = static_cast<unsigned char>(digit(hex[2 * i]) << 4U | digit(hex[2 * i + 1]));
    }
    return out;
}

std::string to_hex(const BlobBytes& blob) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(2 * blob.size());
    for (const unsigned char byte : blob) {
        out += kDigits[byte >> 4U];
        out += kDigits[byte & 15U];
    }
    return out;
}

// Outlives its BlobScans: the store's thread may still be at it.
struct BlobScans::Queue : std::enable_shared_from_this<Queue> {
    explicit Queue(store::Writer* w) : writer{w} {}

    void put(PackedRows rows) {
        const std::lock_guard lock{mutex};
        large = large || rows.size() > 8 * kChunk;
        waiting.append(std::move(rows));
        if (!running) next();
    }

    // With the mutex held.
    void next() {
        running = !waiting.empty() && !closed;
        if (!running) {
            // What a first look has left goes back to the system.
            if (std::exchange(large, false)) malloc_trim(0);
            return idle.notify_all();
        }
        auto chunk = std::make_shared<const std::vector<store::IndexedBlob>>(waiting.take(kChunk));
        writer->run(
            [chunk](store::Store& store) {
                return store.blob_index().put_many(*chunk, manifest::kScannerVersion);
            },
            [self = shared_from_this()](Status done) {
                if (done.has_error()) {
                    spdlog::warn("the index is not kept: {}", done.error().message);
                }
                const std::lock_guard lock{self->mutex};
                self->next();
            }
        );
    }

    store::Writer* writer;
    std::mutex mutex;
    std::condition_variable idle;
    PackedRows waiting;  // with mutex, as the others
    bool large = false;  // so many rows were put that their memory is worth a thought
    bool running = false;
    bool closed = false;
};

BlobScans::BlobScans(store::Writer* writer)
    : writer_{writer}, queue_{std::make_shared<Queue>(writer)} {}

BlobScans::~BlobScans() {
    const std::lock_guard lock{queue_->mutex};
    queue_->closed = true;
}

std::string BlobScans::key(const BlobBytes& blob, std::string_view name, std::string_view rule) {
    std::string out{reinterpret_cast<const char*>(blob.data()), blob.size()};
    out += name;
    if (!rule.empty()) {
        // No file's name holds a slash.
        out += '/';
        out += rule;
    }
    return out;
}

std::vector<std::optional<BlobScans::Kept>> BlobScans::get(const std::vector<std::string>& keys
) const {
    std::vector<std::optional<Kept>> out(keys.size());
    if (writer_ == nullptr || keys.empty()) return out;
    using Rows = std::vector<std::optional<store::KnownBlob>>;
    for (std::size_t at = 0; at < keys.size(); at += kChunk) {
        const auto chunk = std::span{keys}.subspan(at, std::min(kChunk, keys.size() - at));
        auto rows = wait_for<Rows>(*writer_, [chunk](store::Store& store) -> Result<Rows> {
            LINKSPAN_TRY(empty, store.blob_index().empty());
            if (empty) return Rows{};
            return store.blob_index().get_many(chunk);
        });
        if (rows.has_error()) {
            spdlog::warn("the kept index can't be read: {}", rows.error().message);
            return out;
        }
        if (rows->empty()) return out;
        for (std::size_t i = 0; i < chunk.size(); ++i) {
            if (!(*rows)[i]) continue;
            auto scan = manifest::scan_from_bytes((*rows)[i]->places);
            if (!scan) continue;
            const bool current = (*rows)[i]->scanner_version == manifest::kScannerVersion;
            out[at + i] = Kept{std::move(*scan), current};
        }
    }
    return out;
}

void BlobScans::put(PackedRows rows) {
    if (writer_ != nullptr && !rows.empty()) queue_->put(std::move(rows));
}

void BlobScans::flush() {
    std::unique_lock lock{queue_->mutex};
    queue_->idle.wait(lock, [this] { return !queue_->running; });
}

Result<std::size_t> BlobScans::collect(const std::vector<BlobBytes>& live) const {
    if (writer_ == nullptr) return std::size_t{0};
    const auto keep = [&live](std::string_view key) {
        BlobBytes blob{};
        if (key.size() < blob.size()) return false;
        std::memcpy(blob.data(), key.data(), blob.size());
        return std::binary_search(live.begin(), live.end(), blob);
    };
    std::size_t deleted = 0;
    std::string after;
    for (;;) {
        auto swept = wait_for<store::Swept>(*writer_, [&](store::Store& store) {
            return store.blob_index().sweep(after, kSweep, keep);
        });
        if (swept.has_error()) return swept.error();
        deleted += swept->deleted;
        if (!swept->next) return deleted;
        after = *swept->next;
    }
}

}  // namespace linkspan::pipeline
