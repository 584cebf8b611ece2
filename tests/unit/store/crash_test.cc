// The process ends at every call that it makes to the disk: before each write, sync, truncation and
// deletion, so between every two operations and everywhere inside their transactions, creating and
// migrating the file included. In one series it is killed; in the other the power goes too, and
// part of what was not synced is lost. Afterwards a new process must find everything that was
// reported as done, and nothing half.
#include "service/store/migrations.h"
#include "tests/unit/store/fault_vfs.h"
#include "tests/unit/store/samples.h"

#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <map>

namespace linkspan::store {
namespace {

constexpr std::size_t kDeliveries = 4;
constexpr std::size_t kEvents = 2;
constexpr std::size_t kTargets = 2;

// Forking a sanitized process is slow; there, every fifth call will do.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kStride = 5;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
constexpr std::int64_t kStride = 5;
#else
constexpr std::int64_t kStride = 1;
#endif
#else
constexpr std::int64_t kStride = 1;
#endif

const Database::Options kOptions{.vfs = fault_vfs()};

// Keys are k0, k1, …; ids are found by key afterwards.
NewDelivery delivery(std::size_t i) {
    auto delivery = sample(fmt::format("k{}", i), at(std::chrono::seconds{i}), kEvents, kTargets);
    delivery.answer_body.assign(3000 * i, 'x');
    return delivery;
}

// What the child tells its parent, a byte pair each: an operation was reported as done.
class Reports {
public:
    explicit Reports(int fd) : fd_{fd} {}
    void done(char what, std::size_t i) const {
        const char report[2] = {what, static_cast<char>('0' + i)};
        if (::write(fd_, report, 2) != 2) ::_exit(9);
    }

private:
    int fd_;
};

// Everything a delivery goes through, one operation at a time.
void live_alone(Store& store, const Reports& reports) {
    for (std::size_t i = 0; i < kDeliveries; ++i) {
        const auto work = must(store.record(delivery(i))).work;
        reports.done('r', i);
        must(store.note(work[0].id, "confirm", "found", kStart));
        reports.done('n', i);
        must(store.intend(work[0].id, "abc"));
        reports.done('i', i);
        must(store.postpone(work[1].id, at(std::chrono::hours{1}), "later"));
        reports.done('p', i);
        if (i % 2 == 0) {
            for (const auto& item : work) {
                must(store.settle(item.id, {"committed", "because", "abc", "{\"a\":1}"}, kStart));
            }
            reports.done('s', i);
        }
    }
    must(store.expire(at(std::chrono::seconds{1}), 10));  // the first
    reports.done('e', 0);
}

// All through the Writer, several in one transaction.
void live_together(std::unique_ptr<Store> store, const Reports& reports) {
    Writer writer{std::move(store)};
    for (std::size_t round = 0; round < 2; ++round) {
        std::promise<void> all;
        for (std::size_t n = 0; n < kDeliveries / 2; ++n) {
            const std::size_t i = round * kDeliveries / 2 + n;
            writer.run(
                [i](Store& s) -> Status {
                    LINKSPAN_TRY(recorded, s.record(delivery(i)));
                    return s.note(recorded.work[0].id, "confirm", "found", kStart);
                },
                [&, i, n](const Status& status) {
                    must(status);
                    reports.done('r', i);
                    reports.done('n', i);
                    if (n + 1 == kDeliveries / 2) all.set_value();
                }
            );
        }
        all.get_future().wait();
    }
}

enum class Life { Open, Alone, Together };

// Returns the reports; `ended` tells whether the child lived to its natural end.
std::map<char, std::vector<std::size_t>> live_and_die(
    const std::string& path, Life life, Faults::End end, std::int64_t call, bool& ended
) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error{"pipe"};
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        reset_faults();
        faults().syncs_reach_the_disk = false;
        faults().end = end;
        faults().end_at = call;
        faults().seed = static_cast<std::uint32_t>(call);
        try {
            auto store = must(SqliteStore::open(path, kOptions));
            // Checkpoints often, so that their writes are among the places to die.
            must(store->database().script("PRAGMA wal_autocheckpoint = 12"));
            const Reports reports{ends[1]};
            if (life == Life::Alone) {
                live_alone(*store, reports);
            } else if (life == Life::Together) {
                live_together(std::move(store), reports);
            }
        } catch (const std::exception& e) {
            std::fprintf(stderr, "child: %s\n", e.what());
            ::_exit(8);
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::map<char, std::vector<std::size_t>> reports;
    char report[2];
    while (::read(ends[0], report, 2) == 2) {
        reports[report[0]].push_back(static_cast<std::size_t>(report[1] - '0'));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    EXPECT_TRUE(ended || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) << status;
    return reports;
}

void check(const std::string& path, const std::map<char, std::vector<std::size_t>>& reports) {
    auto store = open_store(path, kOptions);
    {
        auto row = must(store->database().query("PRAGMA integrity_check"));
        ASSERT_TRUE(must(row.next()));
        EXPECT_EQ(row.text(0), "ok");
    }
    EXPECT_EQ(must(store->database().integer("SELECT count(*) FROM pragma_foreign_key_check")), 0);

    std::map<std::size_t, Trail> found;
    for (const auto& summary : must(store->deliveries(std::nullopt, 100))) {
        auto trail = trail_of(*store, summary.id);
        const auto i = static_cast<std::size_t>(trail.delivery.key.at(1) - '0');
        // Whole, whether it was reported or not.
        EXPECT_EQ(trail.delivery.answer_body.size(), 3000 * i);
        EXPECT_EQ(trail.delivery.events.size(), kEvents);
        EXPECT_EQ(trail.work.size(), kEvents * kTargets);
        for (const auto& work : trail.work) {
            if (work.outcome) {
                EXPECT_EQ(work.outcome->detail_json, "{\"a\":1}");
                EXPECT_TRUE(work.done_at.has_value());
            }
        }
        EXPECT_TRUE(found.emplace(i, std::move(trail)).second) << "twice: k" << i;
    }
    const auto reported = [&](char what, const std::function<void(const Trail&)>& look) {
        const auto list = reports.find(what);
        if (list == reports.end()) return;
        for (const std::size_t i : list->second) {
            SCOPED_TRACE(fmt::format("{} of k{}", what, i));
            // The first may have expired, in the last operation.
            if (i == 0 && !found.contains(i) && reports.contains('s')) continue;
            ASSERT_TRUE(found.contains(i));
            look(found.at(i));
        }
    };
    reported('r', [](const Trail&) {});
    reported('n', [](const Trail& t) { EXPECT_EQ(t.work[0].steps.size(), 1U); });
    reported('p', [](const Trail& t) { EXPECT_EQ(t.work[1].attempts, 1); });
    reported('s', [](const Trail& t) { EXPECT_TRUE(t.settled()); });
    for (const auto& item : must(store->pending())) {
        const auto& trail = found.at(static_cast<std::size_t>(
            item.created_at == kStart ? 0 : (item.created_at - kStart) / std::chrono::seconds{1}
        ));
        if (!reports.contains('i')) break;
        const auto& intended = reports.at('i');
        const auto i = static_cast<std::size_t>(trail.delivery.key.at(1) - '0');
        if (item.id == trail.work[0].id &&
            std::find(intended.begin(), intended.end(), i) != intended.end()) {
            EXPECT_EQ(item.intended_commits, std::vector<std::string>{"abc"});
        }
    }
    EXPECT_FALSE(reports.contains('e') && found.contains(0));
    // Life goes on, and the keys still count.
    for (const auto& [i, trail] : found) {
        EXPECT_EQ(must(store->record(delivery(i))).id, trail.delivery.id);
    }
    EXPECT_FALSE(must(store->record(sample("new"))).duplicate);
}

void die_everywhere(Life life, Faults::End end) {
    reset_faults();
    faults().syncs_reach_the_disk = false;
    bool ended = false;
    std::int64_t call = 1;
    for (; !ended && !testing::Test::HasFailure(); call += kStride) {
        SCOPED_TRACE(fmt::format("ended at call {}", call));
        const TempDir dir;
        const auto reports = live_and_die(dir / "s.db", life, end, call, ended);
        check(dir / "s.db", reports);
        if (ended) {
            EXPECT_EQ(reports.at('r').size(), kDeliveries);
        }
    }
    EXPECT_GT(call, 50);
    testing::Test::RecordProperty("calls", static_cast<int>(call));
}

// A file of schema 1, and a process that dies while it brings it to the newest one.
TEST(CrashTest, EndedAtEveryCallOfAMigration) {
    for (const auto end : {Faults::End::Kill, Faults::End::PowerCut}) {
        bool ended = false;
        for (std::int64_t call = 1; !ended && !HasFailure(); call += kStride) {
            SCOPED_TRACE(fmt::format("ended at call {}", call));
            const TempDir dir;
            {
                auto db = must(Database::open(dir / "s.db"));
                must(db->make_durable());
                must(migrate(*db, 1));
                must(
                    db->script("INSERT INTO deliveries VALUES (1, 'ID', 'r', 's', 'k9', 3600, 1, "
                               "1700000000000000000, '', 1, NULL, 202, 'the answer')")
                );
            }
            const auto reports = live_and_die(dir / "s.db", Life::Open, end, call, ended);
            auto store = open_store(dir / "s.db", kOptions);
            EXPECT_EQ(must(store->database().integer("PRAGMA user_version")), schema_version());
            EXPECT_EQ(trail_of(*store, "ID").delivery.answer_body, "the answer");
        }
    }
}

TEST(CrashTest, KilledAtEveryCallToTheDisk) { die_everywhere(Life::Alone, Faults::End::Kill); }

TEST(CrashTest, KilledAtEveryCallOfSharedTransactions) {
    die_everywhere(Life::Together, Faults::End::Kill);
}

TEST(CrashTest, PowerCutAtEveryCallToTheDisk) {
    die_everywhere(Life::Alone, Faults::End::PowerCut);
}

TEST(CrashTest, PowerCutAtEveryCallOfSharedTransactions) {
    die_everywhere(Life::Together, Faults::End::PowerCut);
}

}  // namespace
}  // namespace linkspan::store
