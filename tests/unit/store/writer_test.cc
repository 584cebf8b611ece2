#include "service/store/store.h"
#include "tests/unit/store/fault_vfs.h"
#include "tests/unit/store/samples.h"

#include <sqlite3.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

// Runs one operation and waits for its end.
Status run(Writer& writer, std::function<Status(Store&)> operation) {
    std::promise<Status> promise;
    writer.run(std::move(operation), [&](Status status) { promise.set_value(std::move(status)); });
    return promise.get_future().get();
}

Status record(Store& store, const NewDelivery& delivery) {
    auto recorded = store.record(delivery);
    return recorded.has_error() ? Status{recorded.error()} : Status{};
}

// Holds the store's thread until open() is called, so that a batch gathers behind it.
class Gate {
public:
    void close(Writer& writer) {
        std::promise<void> reached;
        writer.run(
            [&](Store&) {
                reached.set_value();
                opened_.get_future().wait();
                return Status{};
            },
            nullptr
        );
        reached.get_future().wait();
    }
    void open() { opened_.set_value(); }

private:
    std::promise<void> opened_;
};

class WriterTest : public testing::Test {
protected:
    WriterTest() {
        auto store = open_store(dir_ / "s.db", {.vfs = fault_vfs()});
        reset_faults();
        sqlite3_commit_hook(
            store->database().handle(),
            [](void* count) {
                ++*static_cast<std::atomic<int>*>(count);
                return 0;
            },
            &commits_
        );
        database_ = &store->database();
        writer_ = std::make_unique<Writer>(std::move(store));
    }
    ~WriterTest() override { reset_faults(); }

    // What is on the disk after the writer has gone.
    std::unique_ptr<SqliteStore> reopen() {
        writer_.reset();
        return open_store(dir_ / "s.db");
    }

    TempDir dir_;
    std::atomic<int> commits_{0};
    Database* database_ = nullptr;  // for operations only
    std::unique_ptr<Writer> writer_;
};

TEST_F(WriterTest, DoneComesWhenTheOperationIsOnTheDisk) {
    const auto delivery = sample("k");
    std::promise<std::pair<bool, std::thread::id>> promise;
    std::thread::id operated;
    writer_->run(
        [&](Store& store) {
            operated = std::this_thread::get_id();
            return record(store, delivery);
        },
        [&](Status status) {
            EXPECT_FALSE(status.has_error());
            promise.set_value({!database_->in_transaction(), std::this_thread::get_id()});
        }
    );
    const auto [committed, told] = promise.get_future().get();
    EXPECT_TRUE(committed);
    EXPECT_EQ(told, operated);
    EXPECT_NE(told, std::this_thread::get_id());
    EXPECT_GE(faults().syncs, 1);
    EXPECT_TRUE(must(reopen()->trail(delivery.id)).has_value());
}

TEST_F(WriterTest, OperationsThatWaitShareOneTransactionAndOneSync) {
    constexpr int kOperations = 100;
    Gate gate;
    gate.close(*writer_);
    std::atomic<int> done{0};
    std::promise<void> all;
    for (int i = 0; i < kOperations; ++i) {
        writer_->run(
            [i](Store& store) { return record(store, sample(fmt::format("k{}", i))); },
            [&](Status status) {
                EXPECT_FALSE(status.has_error());
                if (++done == kOperations) all.set_value();
            }
        );
    }
    commits_ = 0;
    faults().syncs = 0;
    gate.open();
    all.get_future().wait();
    EXPECT_EQ(commits_, 1);
    // One for the log; a new log has its header synced too.
    EXPECT_LE(faults().syncs, 2);
    EXPECT_EQ(must(reopen()->pending()).size(), 100U);
}

TEST_F(WriterTest, OperationsRunInOrder) {
    Gate gate;
    gate.close(*writer_);
    std::vector<int> ran;
    std::vector<int> told;
    for (int i = 0; i < 1000; ++i) {
        writer_->run(
            [&ran, i](Store&) {
                ran.push_back(i);
                return Status{};
            },
            [&told, i](const Status&) { told.push_back(i); }
        );
    }
    gate.open();
    writer_.reset();
    std::vector<int> expected(1000);
    for (int i = 0; i < 1000; ++i) expected[static_cast<std::size_t>(i)] = i;
    EXPECT_EQ(ran, expected);
    EXPECT_EQ(told, expected);
}

TEST_F(WriterTest, AFailingOperationRollsBackOnlyItself) {
    struct Case {
        std::string name;
        std::function<Status(Store&)> fail;
        Errc kind;
    };
    const std::vector<Case> cases{
        {"after a write",
         [](Store& store) {
             must(store.record(sample("half")));
             return Status{Error{Errc::NotFound, "no"}};
         },
         Errc::NotFound},
        {"exception",
         [](Store& store) -> Status {
             must(store.record(sample("half")));
             throw std::runtime_error{"bang"};
         },
         Errc::Internal},
        {"strange exception",
         [](Store& store) -> Status {
             must(store.record(sample("half")));
             throw 7;  // NOLINT: what a callback may do
         },
         Errc::Internal},
        {"of the store", [](Store& store) { return store.intend(999, "abc"); }, Errc::NotFound},
    };
    Gate gate;
    gate.close(*writer_);
    std::vector<Status> told(2 * cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
        writer_->run(cases[i].fail, [&told, i](Status s) { told[2 * i] = std::move(s); });
        writer_->run(
            [i](Store& store) { return record(store, sample(fmt::format("good{}", i))); },
            [&told, i](Status s) { told[2 * i + 1] = std::move(s); }
        );
    }
    gate.open();
    auto store = reopen();
    for (std::size_t i = 0; i < cases.size(); ++i) {
        SCOPED_TRACE(cases[i].name);
        ASSERT_TRUE(told[2 * i].has_error());
        EXPECT_EQ(told[2 * i].error().kind, cases[i].kind);
        EXPECT_FALSE(told[2 * i + 1].has_error());
    }
    EXPECT_EQ(must(store->pending()).size(), cases.size());
    EXPECT_FALSE(must(store->record(sample("half"))).duplicate);
}

TEST_F(WriterTest, AFailedCommitIsEverybodysError) {
    Gate gate;
    gate.close(*writer_);
    std::vector<Status> told(4);
    for (std::size_t i = 0; i < 3; ++i) {
        writer_->run(
            [i](Store& store) { return record(store, sample(fmt::format("k{}", i))); },
            [&told, i](Status s) { told[i] = std::move(s); }
        );
    }
    writer_->run(
        [](Store& store) { return store.intend(999, "abc"); },
        [&told](Status s) { told[3] = std::move(s); }
    );
    faults().syncs_fail = true;
    gate.open();
    EXPECT_TRUE(run(*writer_, [](Store& store) { return store.probe(); }).has_error());
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_TRUE(told[i].has_error());
        EXPECT_EQ(told[i].error().kind, Errc::Unavailable) << told[i].error().message;
    }
    EXPECT_EQ(told[3].error().kind, Errc::NotFound);  // its own reason

    faults().syncs_fail = false;
    EXPECT_FALSE(run(*writer_, [](Store& store) { return record(store, sample("later")); }
    ).has_error());
    const auto pending = must(reopen()->pending());
    EXPECT_EQ(pending.size(), 1U);
}

TEST_F(WriterTest, AFullDiskIsUnavailableAndTheWriterGoesOnAfterwards) {
    const auto before = sample("before");
    must(run(*writer_, [&](Store& store) { return record(store, before); }));
    faults().room = 20'000;
    int refused = 0;
    std::vector<std::string> accepted;
    for (int i = 0; i < 20; ++i) {
        auto delivery = sample(fmt::format("k{}", i));
        delivery.answer_body.assign(5000, 'x');
        const auto status = run(*writer_, [&](Store& store) { return record(store, delivery); });
        if (!status.has_error()) {
            accepted.push_back(delivery.id);
            continue;
        }
        ++refused;
        EXPECT_EQ(status.error().kind, Errc::Unavailable) << status.error().message;
        EXPECT_NE(status.error().message.find("full"), std::string::npos) << status.error().message;
    }
    EXPECT_GT(refused, 10);
    EXPECT_TRUE(run(*writer_, [](Store& store) {
                    auto big = sample("big");
                    big.answer_body.assign(1'000'000, 'x');
                    return record(store, big);
                }).has_error());
    faults().room = -1;
    const auto later = sample("later");
    must(run(*writer_, [&](Store& store) { return record(store, later); }));
    accepted.push_back(before.id);
    accepted.push_back(later.id);
    auto store = reopen();
    for (const auto& id : accepted) EXPECT_TRUE(must(store->trail(id)).has_value());
    EXPECT_EQ(must(store->pending()).size(), accepted.size());
}

TEST_F(WriterTest, AFullDatabaseFailsOnlyWhatDoesNotFit) {
    must(run(*writer_, [&](Store&) {
        return database_->script(fmt::format(
            "PRAGMA max_page_count = {}", must(database_->integer("PRAGMA page_count")) + 20
        ));
    }));
    Gate gate;
    gate.close(*writer_);
    std::vector<Status> told(3);
    for (std::size_t i = 0; i < 3; ++i) {
        writer_->run(
            [i](Store& store) {
                auto delivery = sample(fmt::format("k{}", i));
                if (i == 1) delivery.answer_body.assign(1'000'000, 'x');
                return record(store, delivery);
            },
            [&told, i](Status s) { told[i] = std::move(s); }
        );
    }
    gate.open();
    auto store = reopen();
    ASSERT_TRUE(told[1].has_error());
    EXPECT_EQ(told[1].error().kind, Errc::Unavailable);
    // SQLite may end the whole transaction when it is full; whoever was in it is told so.
    EXPECT_FALSE(told[2].has_error());
    EXPECT_EQ(must(store->pending()).size(), told[0].has_error() ? 1U : 2U);
}

TEST_F(WriterTest, ALockedDatabaseIsUnavailableUntilItIsFree) {
    must(run(*writer_, [&](Store&) {
        sqlite3_busy_timeout(database_->handle(), 1);
        return Status{};
    }));
    sqlite3* shell = nullptr;
    ASSERT_EQ(sqlite3_open((dir_ / "s.db").c_str(), &shell), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(shell, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    for (int i = 0; i < 2; ++i) {
        EXPECT_ERROR(Errc::Unavailable, run(*writer_, [](Store& store) {
                         return record(store, sample("k"));
                     }));
    }
    ASSERT_EQ(sqlite3_exec(shell, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
    must(run(*writer_, [](Store& store) { return record(store, sample("k")); }));
    sqlite3_close(shell);
}

TEST_F(WriterTest, AReaderBesideDoesNotDisturb) {
    must(run(*writer_, [](Store& store) { return record(store, sample("k")); }));
    sqlite3* shell = nullptr;
    ASSERT_EQ(sqlite3_open((dir_ / "s.db").c_str(), &shell), SQLITE_OK);
    ASSERT_EQ(
        sqlite3_exec(shell, "BEGIN; SELECT * FROM deliveries", nullptr, nullptr, nullptr), SQLITE_OK
    );
    must(run(*writer_, [](Store& store) { return record(store, sample("k2")); }));
    sqlite3_close(shell);
}

TEST_F(WriterTest, OperationsThatOnlyReadSyncNothing) {
    must(run(*writer_, [](Store& store) { return record(store, sample("k")); }));
    faults().syncs = 0;
    must(run(*writer_, [](Store& store) {
        must(store.pending());
        return Status{};
    }));
    EXPECT_EQ(faults().syncs, 0);
}

TEST_F(WriterTest, DestructionFinishesWhatIsQueuedEvenByDone) {
    Gate gate;
    gate.close(*writer_);
    std::atomic<int> done{0};
    for (int i = 0; i < 10; ++i) {
        writer_->run(
            [i](Store& store) { return record(store, sample(fmt::format("k{}", i))); },
            [&, i](const Status&) {
                ++done;
                writer_->run(
                    [i](Store& store) { return record(store, sample(fmt::format("n{}", i))); },
                    [&](const Status&) { ++done; }
                );
            }
        );
    }
    std::thread opener{[&] { gate.open(); }};
    Writer* writer = writer_.get();
    writer->~Writer();
    ::operator delete(writer_.release());
    opener.join();
    EXPECT_EQ(done, 20);
    EXPECT_EQ(must(reopen()->pending()).size(), 20U);
}

TEST_F(WriterTest, ManyThreads) {
    constexpr int kThreads = 8;
    constexpr int kEach = 50;
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                std::int64_t id = 0;
                auto status = run(*writer_, [&](Store& store) -> Status {
                    LINKSPAN_TRY(recorded, store.record(sample(fmt::format("{}/{}", t, i))));
                    id = recorded.work.at(0).id;
                    return {};
                });
                if (status.has_error()) ++failed;
                status = run(*writer_, [&](Store& store) {
                    return i % 5 == 0
                               ? Status{Error{Errc::Conflict, "changed my mind"}}
                               : store.settle(id, {"refused", "", std::nullopt, "{}"}, kStart);
                });
                if (status.has_error() != (i % 5 == 0)) ++failed;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(failed, 0);
    EXPECT_LE(commits_, 2 * kThreads * kEach);
    EXPECT_EQ(must(reopen()->pending()).size(), kThreads * kEach / 5U);
}

}  // namespace
}  // namespace linkspan::store
