// Durable records a second, beside what the disk does on the same file system in the same run.
//
//   bench_store [DIRECTORY] [google benchmark flags]     default: a temporary directory here
//
// `Write` is the yardstick: a loop of write(2) and fdatasync(2), one record's bytes at a time. The
// store beats it with many callers, since they share a sync, and can't with one, since a
// transaction writes whole pages.
#include "service/store/sqlite_store.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <vector>

namespace linkspan::store {
namespace {

using Clock = std::chrono::steady_clock;

std::string directory = ".";

// A fresh directory per run, so that no benchmark inherits the file of another.
class Scratch {
public:
    Scratch() : path_{directory + "/store-bench-XXXXXX"} {
        if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error{"mkdtemp in " + directory};
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// What a registry's push makes: one event that one policy of one target watches.
NewDelivery delivery(std::size_t n) {
    const auto now = std::chrono::system_clock::now();
    NewDelivery d;
    d.id = new_id(now);
    d.receiver = "harbor";
    d.sender = "harbor";
    // Keys look like hashes: they fall anywhere in their index.
    d.key = fmt::format("{:016x}{:048x}", n * 0x9E3779B97F4A7C15U, n);
    d.key_window = std::chrono::hours{1};
    d.received_at = now;
    d.remote_address = "192.0.2.7";
    d.answer_body = fmt::format(
        R"({{"id":"{}","status_url":"https://linkspan.example.com/v1/deliveries/{}","events":[{{"image":"registry.example.com/acme/app","tag":"main-0123abc-{}","targets":["prod"]}}]}})",
        d.id,
        d.id,
        n
    );
    image::ImageEvent event{
        .image = *image::ImageName::parse("registry.example.com/acme/app"),
        .tag = *image::Tag::parse(fmt::format("main-0123abc-{}", n)),
        .digest = "sha256:" + std::string(64, 'a'),
        .media_type = "application/vnd.oci.image.index.v1+json",
        .pushed_at = "2024-05-01T10:00:00Z",
        .revision = std::string(40, 'b'),
        .source = "https://git.example.com/acme/app",
        .build_url = std::nullopt,
        .actor = "robot",
    };
    d.events.push_back({std::move(event), {{"prod", "flux-system:app"}}});
    return d;
}

constexpr std::size_t kRecordBytes = 1024;  // about what a delivery() holds

void report(benchmark::State& state, std::vector<double>& milliseconds) {
    state.SetItemsProcessed(static_cast<std::int64_t>(milliseconds.size()));
    if (milliseconds.empty()) return;
    std::sort(milliseconds.begin(), milliseconds.end());
    const auto at = [&](double q) {
        return milliseconds[static_cast<std::size_t>(
            q * static_cast<double>(milliseconds.size() - 1)
        )];
    };
    state.counters["p50_ms"] = at(0.50);
    state.counters["p99_ms"] = at(0.99);
    state.counters["max_ms"] = milliseconds.back();
}

double since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void BM_Write(benchmark::State& state) {
    const Scratch scratch;
    const int fd = ::open(scratch.file("yardstick").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string bytes(kRecordBytes, 'x');
    std::vector<double> times;
    for (auto _ : state) {
        const auto start = Clock::now();
        if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
            ::fdatasync(fd) != 0) {
            state.SkipWithError("write or fdatasync failed");
            break;
        }
        times.push_back(since(start));
    }
    ::close(fd);
    report(state, times);
}

double cpu_microseconds() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// Keeps `callers` lives going, as that many connections of the service's one network thread would:
// `live(n, done)` starts the n-th and calls done(status) at its end.
template <class Live>
void keep_busy(benchmark::State& state, Live live) {
    const Scratch scratch;
    auto store = SqliteStore::open(scratch.file("store.db"), Database::Options{});
    if (store.has_error()) {
        state.SkipWithError(store.error().message.c_str());
        return;
    }
    double commits = 0;
    sqlite3_commit_hook(
        (*store)->database().handle(),
        [](void* count) {
            ++*static_cast<double*>(count);
            return 0;
        },
        &commits
    );
    std::vector<double> times;  // on the store's thread, as are the next three
    int failed = 0;
    double cpu_start = 0;
    double cpu_end = 0;
    const auto callers = state.range(0);
    std::counting_semaphore<> free{callers};
    {
        Writer writer{std::move(*store)};
        writer.run(
            [&](Store&) -> Status {
                cpu_start = cpu_microseconds();
                return {};
            },
            nullptr
        );
        std::size_t n = 0;
        for (auto _ : state) {
            free.acquire();
            live(writer, n++, [&, start = Clock::now()](const Status& status) {
                if (status.has_error()) ++failed;
                times.push_back(since(start));
                cpu_end = cpu_microseconds();
                free.release();
            });
        }
        for (std::int64_t i = 0; i < callers; ++i) free.acquire();
    }
    if (failed != 0) state.SkipWithError("an operation failed");
    const auto lives = static_cast<double>(times.size());
    state.counters["commits_each"] = commits / lives;
    state.counters["cpu_us"] = (cpu_end - cpu_start) / lives;
    report(state, times);
}

void BM_Record(benchmark::State& state) {
    keep_busy(state, [](Writer& writer, std::size_t n, auto done) {
        writer.run(
            [d = delivery(n)](Store& s) -> Status {
                LINKSPAN_TRY(recorded, s.record(d));
                benchmark::DoNotOptimize(recorded);
                return {};
            },
            std::move(done)
        );
    });
}

// A whole life: recorded, noted, intended, settled, one after the other.
void BM_Life(benchmark::State& state) {
    keep_busy(state, [](Writer& writer, std::size_t n, auto done) {
        auto work = std::make_shared<std::int64_t>(0);
        auto settle = [work](Store& s) {
            return s.settle(
                *work,
                {"committed", "newer", std::string(40, 'c'), std::string(2000, '{')},
                std::chrono::system_clock::now()
            );
        };
        auto intend = [work](Store& s) -> Status {
            auto noted = s.note(*work, "confirm", "found", std::chrono::system_clock::now());
            return noted.has_error() ? noted : s.intend(*work, std::string(40, 'c'));
        };
        auto record = [d = delivery(n), work](Store& s) -> Status {
            LINKSPAN_TRY(recorded, s.record(d));
            *work = recorded.work.at(0).id;
            return {};
        };
        writer.run(std::move(record), [&writer, intend, settle, done](const Status&) {
            writer.run(intend, [&writer, settle, done](const Status&) {
                writer.run(settle, done);
            });
        });
    });
}

// The store's thread does nothing else meanwhile: this is what a delivery may have to wait.
std::unique_ptr<SqliteStore> open_scratch(benchmark::State& state, const Scratch& scratch) {
    auto store = SqliteStore::open(scratch.file("store.db"), Database::Options{});
    if (store.has_error()) {
        state.SkipWithError(store.error().message.c_str());
        return nullptr;
    }
    return std::move(*store);
}

// A registry's list of tags that is the same as the last time but for one.
void BM_Listing(benchmark::State& state) {
    const Scratch scratch;
    auto store = open_scratch(state, scratch);
    if (!store) return;
    const auto image = *image::ImageName::parse("registry.example.com/acme/app");
    std::vector<std::string> tags;
    for (std::int64_t i = 0; i < state.range(0); ++i) tags.push_back(fmt::format("1.{}.{}", i, i));
    auto now = std::chrono::system_clock::now();
    (void)store->known_tags().replace_listing(image, tags, now);
    std::int64_t n = 0;
    for (auto _ : state) {
        tags.back() = fmt::format("2.0.{}", ++n);
        now += std::chrono::seconds{1};
        benchmark::DoNotOptimize(store->known_tags().replace_listing(image, tags, now));
    }
}

void BM_KnownTags(benchmark::State& state) {
    const Scratch scratch;
    auto store = open_scratch(state, scratch);
    if (!store) return;
    const auto image = *image::ImageName::parse("registry.example.com/acme/app");
    std::vector<std::string> tags;
    for (std::int64_t i = 0; i < state.range(0); ++i) tags.push_back(fmt::format("1.{}.{}", i, i));
    (void)store->known_tags().replace_listing(image, tags, std::chrono::system_clock::now());
    for (auto _ : state) benchmark::DoNotOptimize(store->known_tags().known_tags(image));
}

// Every blob of a repository after a restart; every tenth names an image.
void BM_BlobIndex(benchmark::State& state) {
    const Scratch scratch;
    auto store = open_scratch(state, scratch);
    if (!store) return;
    std::vector<std::string> ids;
    std::vector<IndexedBlob> blobs;
    for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) {
        ids.push_back(fmt::format("{:016x}{:024x}", i * 0x9E3779B97F4A7C15U, i));
        blobs.push_back({ids.back(), std::string(i % 10 == 0 ? 300 : 0, 'p')});
    }
    (void)store->blob_index().put_many(blobs, 1);
    for (auto _ : state) benchmark::DoNotOptimize(store->blob_index().get_many(ids));
}

BENCHMARK(BM_Write)->UseRealTime()->MinTime(2);
BENCHMARK(BM_Record)->Arg(1)->Arg(8)->Arg(64)->UseRealTime()->MinTime(2);
BENCHMARK(BM_Life)->Arg(1)->Arg(64)->UseRealTime()->MinTime(2);
BENCHMARK(BM_Listing)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_KnownTags)->Arg(1000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_BlobIndex)->Arg(50'000)->Unit(benchmark::kMillisecond);
// Again at the end: a disk that others use changes its mind.
BENCHMARK(BM_Write)->Name("BM_Write/again")->UseRealTime()->MinTime(2);

}  // namespace
}  // namespace linkspan::store

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (argc > 2) {
        std::fprintf(stderr, "usage: %s [DIRECTORY] [--benchmark_…]\n", argv[0]);
        return 2;
    }
    if (argc == 2) linkspan::store::directory = argv[1];
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
