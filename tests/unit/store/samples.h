// What the store's tests share: a folder that goes away, deliveries to record, short ways to ask.
#pragma once

#include "service/store/sqlite_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

namespace linkspan::store {

// On a file system in memory where there is one: what the kernel does with a sync is not what is
// tested here, and hundreds of files come and go.
class TempDir {
public:
    TempDir() {
        const bool memory = ::access("/dev/shm", W_OK) == 0;
        const auto parent = memory ? "/dev/shm" : std::filesystem::temp_directory_path();
        std::string name = (parent / "store-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

inline const TimePoint kStart = TimePoint{std::chrono::seconds{1'700'000'000}};

inline TimePoint at(std::chrono::nanoseconds since_start) {
    return kStart + std::chrono::duration_cast<TimePoint::duration>(since_start);
}

inline image::ImageEvent sample_event(const std::string& tag = "1.0.0") {
    return {
        .image = *image::ImageName::parse("registry.example.com:5000/acme/app"),
        .tag = *image::Tag::parse(tag),
        .digest = std::nullopt,
        .media_type = std::nullopt,
        .pushed_at = std::nullopt,
        .revision = std::nullopt,
        .source = std::nullopt,
        .build_url = std::nullopt,
        .actor = std::nullopt,
    };
}

// Each of `events` is watched by `work` targets.
inline NewDelivery sample(
    const std::string& key,
    TimePoint received = kStart,
    std::size_t events = 1,
    std::size_t work = 1
) {
    NewDelivery delivery;
    delivery.id = new_id(received);
    delivery.receiver = "harbor";
    delivery.sender = "harbor";
    delivery.key = key;
    delivery.key_window = std::chrono::hours{1};
    delivery.received_at = received;
    delivery.remote_address = "192.0.2.7";
    delivery.answer_body = fmt::format("{{\"id\":\"{}\"}}", delivery.id);
    for (std::size_t i = 0; i < events; ++i) {
        NewEvent event{sample_event(fmt::format("1.0.{}", i)), {}};
        for (std::size_t n = 0; n < work; ++n) {
            event.work.push_back({fmt::format("target-{}", n), "flux-system:app"});
        }
        delivery.events.push_back(std::move(event));
    }
    return delivery;
}

// The value, or a failed test.
template <class T>
T must(Result<T> result) {
    if (result.has_error()) throw std::runtime_error{result.error().message};
    return std::move(*result);
}

inline void must(const Status& status) {
    if (status.has_error()) throw std::runtime_error{status.error().message};
}

// Throws, which fails the test, when the store can't be opened.
inline std::unique_ptr<SqliteStore> open_store(
    const std::string& path = ":memory:", const Database::Options& options = {}
) {
    return must(SqliteStore::open(path, options));
}

inline Trail trail_of(Store& store, const std::string& id) {
    auto trail = must(store.trail(id));
    if (!trail) throw std::runtime_error{"no delivery " + id};
    return std::move(*trail);
}

}  // namespace linkspan::store

// For a Result or Status that must be an error of a kind.
#define EXPECT_ERROR(errc, ...)                                             \
    do {                                                                    \
        const auto outcome_ = (__VA_ARGS__);                                \
        ASSERT_TRUE(outcome_.has_error());                                  \
        EXPECT_EQ(outcome_.error().kind, errc) << outcome_.error().message; \
    } while (false)
