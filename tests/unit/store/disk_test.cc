// Disks that fill up or rot, seen from the Store.
#include "tests/unit/store/fault_vfs.h"
#include "tests/unit/store/samples.h"

#include <fstream>

namespace linkspan::store {
namespace {

class DiskTest : public testing::Test {
protected:
    DiskTest() { reset_faults(); }
    ~DiskTest() override { reset_faults(); }
    std::string path() { return dir_ / "s.db"; }
    std::unique_ptr<SqliteStore> open() { return open_store(path(), {.vfs = fault_vfs()}); }

    TempDir dir_;
};

TEST_F(DiskTest, FullAtEveryPointLosesNothingThatWasReported) {
    // From no room at all upwards: the schema does not fit, then it fits, then some deliveries do.
    int opened = 0;
    for (std::int64_t room = 0; room < 420'000; room += 10'000) {
        SCOPED_TRACE(room);
        const TempDir dir;
        std::vector<std::string> recorded;
        {
            faults().room = room;
            auto store = SqliteStore::open(dir / "s.db", {.vfs = fault_vfs()});
            if (store.has_error()) {
                EXPECT_EQ(store.error().kind, Errc::Unavailable) << store.error().message;
            } else {
                ++opened;
                for (int i = 0; i < 8; ++i) {
                    auto delivery = sample(fmt::format("k{}", i), kStart, 2, 2);
                    delivery.answer_body.assign(4000, 'x');
                    const auto result = (*store)->record(delivery);
                    if (result.has_error()) {
                        EXPECT_EQ(result.error().kind, Errc::Unavailable);
                    } else {
                        recorded.push_back(delivery.id);
                    }
                    EXPECT_FALSE((*store)->database().in_transaction());
                }
                EXPECT_EQ(must((*store)->pending()).size(), recorded.size() * 4);
            }
        }
        faults().room = -1;
        auto store = open_store(dir / "s.db", {.vfs = fault_vfs()});
        for (const auto& id : recorded) EXPECT_EQ(trail_of(*store, id).work.size(), 4U);
        EXPECT_EQ(must(store->pending()).size(), recorded.size() * 4);
        must(store->record(sample("after")));
    }
    EXPECT_GT(opened, 5);
}

TEST_F(DiskTest, ProbeMeetsAFullDisk) {
    auto store = open();
    must(store->probe());
    faults().room = 0;
    EXPECT_ERROR(Errc::Unavailable, store->probe());
    faults().room = -1;
    must(store->probe());
}

// The log is begun anew in the file that it has, so there is room for a while.
TEST_F(DiskTest, ALogThatHasGrownBridgesAFullDisk) {
    auto store = open();
    int recorded = 0;
    for (; recorded < 50; ++recorded) must(store->record(sample(fmt::format("k{}", recorded))));
    must(store->database().script("PRAGMA wal_checkpoint(RESTART)"));
    faults().room = 0;
    for (;; ++recorded) {
        auto delivery = sample(fmt::format("k{}", recorded));
        delivery.answer_body.assign(5000, 'x');
        const auto result = store->record(delivery);
        if (!result.has_error()) continue;
        EXPECT_EQ(result.error().kind, Errc::Unavailable) << result.error().message;
        break;
    }
    EXPECT_GT(recorded, 60);
    faults().room = -1;
    must(store->record(sample("after")));
    store.reset();
    EXPECT_EQ(must(open()->pending()).size(), static_cast<std::size_t>(recorded) + 1);
}

TEST_F(DiskTest, RottenPagesAreCorruptNotCrashes) {
    {
        auto store = open();
        for (int i = 0; i < 200; ++i) {
            auto delivery = sample(fmt::format("k{}", i), kStart, 2, 2);
            must(store->record(delivery));
        }
    }
    const auto size = std::filesystem::file_size(path());
    std::string good;
    {
        std::ifstream file{path(), std::ios::binary};
        good.assign(std::istreambuf_iterator<char>{file}, {});
    }
    int corrupt = 0;
    for (std::size_t page = 0; page * 4096 < size; page += 3) {
        SCOPED_TRACE(page);
        std::string bad = good;
        for (std::size_t i = 0; i < 4096; ++i) {
            bad[page * 4096 + i] = static_cast<char>((i * 31 + page) & 0xffU);
        }
        std::ofstream{path(), std::ios::binary | std::ios::trunc} << bad;
        const auto store = SqliteStore::open(path(), {.vfs = fault_vfs()});
        if (store.has_error()) {
            EXPECT_EQ(store.error().kind, Errc::Corrupt) << store.error().message;
            ++corrupt;
            continue;
        }
        const auto pending = (*store)->pending();
        const auto list = (*store)->deliveries(std::nullopt, 1000);
        const auto recorded = (*store)->record(sample("new"));
        if (pending.has_error()) {
            EXPECT_EQ(pending.error().kind, Errc::Corrupt) << pending.error().message;
        }
        if (pending.has_error() || list.has_error() || recorded.has_error()) ++corrupt;
    }
    EXPECT_GT(corrupt, 5);
}

TEST_F(DiskTest, ATruncatedFileIsCorrupt) {
    {
        auto store = open();
        for (int i = 0; i < 200; ++i) must(store->record(sample(fmt::format("k{}", i))));
    }
    std::filesystem::resize_file(path(), std::filesystem::file_size(path()) / 2);
    const auto store = SqliteStore::open(path(), {.vfs = fault_vfs()});
    if (store.has_error()) {
        EXPECT_EQ(store.error().kind, Errc::Corrupt) << store.error().message;
        return;
    }
    EXPECT_ERROR(Errc::Corrupt, (*store)->pending());
}

}  // namespace
}  // namespace linkspan::store
