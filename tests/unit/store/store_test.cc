#include "service/store/store.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class StoreTest : public testing::Test {
protected:
    Recorded record(const NewDelivery& delivery) { return must(store_->record(delivery)); }
    std::int64_t count(Sql sql) { return must(store_->database().integer(sql)); }
    std::unique_ptr<SqliteStore> store_ = open_store();
};

TEST_F(StoreTest, EveryIntendedCommitIsKnownTheNewestFirst) {
    const auto work = record(sample("k", kStart, 1, 1)).work;
    std::vector<std::string> expected;
    for (int i = 0; i < 12; ++i) {
        expected.insert(expected.begin(), std::string(40, static_cast<char>('a' + i)));
        must(store_->intend(work[0].id, expected.front()));
    }
    expected.resize(8);
    EXPECT_EQ(must(store_->pending()).at(0).intended_commits, expected);
}

TEST_F(StoreTest, RecordGivesTheWorkToStart) {
    const auto delivery = sample("k", kStart, 2, 3);
    const auto recorded = record(delivery);
    EXPECT_EQ(recorded.id, delivery.id);
    EXPECT_FALSE(recorded.duplicate);
    EXPECT_EQ(recorded.answer_status, 202);
    EXPECT_EQ(recorded.answer_body, delivery.answer_body);
    ASSERT_EQ(recorded.work.size(), 6U);
    const auto& last = recorded.work.back();
    EXPECT_EQ(last.delivery, delivery.id);
    EXPECT_EQ(last.event_index, 1U);
    EXPECT_EQ(last.event, delivery.events[1].event);
    EXPECT_EQ(last.target, "target-2");
    EXPECT_EQ(last.policy, "flux-system:app");
    EXPECT_EQ(last.created_at, kStart);
    EXPECT_EQ(last.due_at, kStart);
    EXPECT_EQ(last.attempts, 0);
    EXPECT_TRUE(last.intended_commits.empty());
}

TEST_F(StoreTest, AnEventThatNobodyWatchesHasNoWork) {
    auto delivery = sample("k", kStart, 2, 1);
    delivery.events[0].work.clear();
    const auto recorded = record(delivery);
    ASSERT_EQ(recorded.work.size(), 1U);
    EXPECT_EQ(recorded.work[0].event_index, 1U);
    EXPECT_EQ(trail_of(*store_, delivery.id).delivery.events.size(), 2U);
}

TEST_F(StoreTest, AnEqualKeyWithinItsWindowIsADuplicate) {
    struct Case {
        std::string name;
        std::chrono::nanoseconds later;
        std::chrono::seconds window;
        bool duplicate;
    };
    for (const Case& c : std::vector<Case>{
             {"at once", 0s, 60s, true},
             {"just within", 60s - 1ns, 60s, true},
             {"at the end", 60s, 60s, false},
             {"after", 61s, 60s, false},
             {"no window", 0s, 0s, false},
             {"clock went back a little", -30s, 60s, true},
             {"clock had been far ahead", -61s, 60s, false},
         }) {
        SCOPED_TRACE(c.name);
        store_ = open_store();
        auto first = sample("k");
        first.answer_status = 200;
        first.key_window = c.window;
        record(first);
        auto second = sample("k", at(c.later));
        second.key_window = c.window;
        const auto recorded = record(second);
        EXPECT_EQ(recorded.duplicate, c.duplicate);
        EXPECT_EQ(recorded.id, c.duplicate ? first.id : second.id);
        EXPECT_EQ(recorded.answer_status, c.duplicate ? 200 : 202);
        EXPECT_EQ(recorded.answer_body, c.duplicate ? first.answer_body : second.answer_body);
        EXPECT_EQ(recorded.work.size(), c.duplicate ? 0U : 1U);
        EXPECT_EQ(count("SELECT count(*) FROM deliveries"), c.duplicate ? 1 : 2);
        EXPECT_EQ(count("SELECT count(*) FROM work"), c.duplicate ? 1 : 2);
    }
}

TEST_F(StoreTest, TheWindowIsMeasuredFromTheFirst) {
    const auto first = sample("k");
    record(first);
    // Each within an hour of the one before; the third is not within an hour of the first.
    EXPECT_EQ(record(sample("k", at(40min))).id, first.id);
    const auto third = sample("k", at(80min));
    EXPECT_FALSE(record(third).duplicate);
    EXPECT_EQ(record(sample("k", at(100min))).id, third.id);
}

TEST_F(StoreTest, KeysBelongToTheirReceiver) {
    record(sample("k"));
    auto other = sample("k");
    other.receiver = "ci";
    EXPECT_FALSE(record(other).duplicate);
    EXPECT_TRUE(record(other).duplicate);
}

TEST_F(StoreTest, KeysCompareByteForByte) {
    record(sample("key"));
    for (const std::string key : {"KEY", "key ", "ke"}) {
        SCOPED_TRACE(key);
        EXPECT_FALSE(record(sample(key)).duplicate);
    }
    EXPECT_FALSE(record(sample(std::string{"key\0a", 5})).duplicate);
    EXPECT_FALSE(record(sample(std::string{"key\0b", 5})).duplicate);
    EXPECT_TRUE(record(sample(std::string{"key\0b", 5})).duplicate);
}

TEST_F(StoreTest, WithoutAKeyNothingIsADuplicate) {
    EXPECT_FALSE(record(sample("")).duplicate);
    EXPECT_FALSE(record(sample("")).duplicate);
}

TEST_F(StoreTest, AnIdCantBeRecordedTwice) {
    auto delivery = sample("a", kStart, 2, 2);
    record(delivery);
    delivery.key = "b";
    EXPECT_ERROR(Errc::Conflict, store_->record(delivery));
    EXPECT_EQ(count("SELECT count(*) FROM work"), 4);
    EXPECT_FALSE(store_->database().in_transaction());
}

TEST_F(StoreTest, IntendPostponeAndSettleAreRemembered) {
    const auto delivery = sample("k", kStart, 1, 2);
    const auto work = record(delivery).work;
    must(store_->intend(work[0].id, "abc123"));
    must(store_->postpone(work[0].id, at(5min), "registry unreachable"));
    must(store_->postpone(work[0].id, at(9min), "still unreachable"));
    auto pending = must(store_->pending());
    ASSERT_EQ(pending.size(), 2U);
    EXPECT_EQ(pending[1].id, work[0].id);
    EXPECT_EQ(pending[1].attempts, 2);
    EXPECT_EQ(pending[1].due_at, at(9min));
    EXPECT_EQ(pending[1].intended_commits, std::vector<std::string>{"abc123"});
    EXPECT_EQ(trail_of(*store_, delivery.id).work[0].last_error, "still unreachable");

    must(store_->settle(
        work[0].id, {"committed", "1.0.0 is newer", "abc123", "{\"x\":1}"}, at(10min)
    ));
    pending = must(store_->pending());
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(pending[0].id, work[1].id);
    const auto row = trail_of(*store_, delivery.id).work[0];
    EXPECT_EQ(row.state, "done");
    EXPECT_EQ(row.attempts, 2);
    EXPECT_EQ(row.due_at, std::nullopt);
    EXPECT_EQ(row.done_at, at(10min));
    EXPECT_EQ(row.last_error, "still unreachable");
    ASSERT_TRUE(row.outcome.has_value());
    EXPECT_EQ(row.outcome->kind, "committed");
    EXPECT_EQ(row.outcome->reason, "1.0.0 is newer");
    EXPECT_EQ(row.outcome->commit, "abc123");
    EXPECT_EQ(row.outcome->detail_json, "{\"x\":1}");
}

TEST_F(StoreTest, WaitingIsNoAttemptAndAgesFromItsEnd) {
    const auto delivery = sample("k", kStart, 1, 2);
    const auto id = record(delivery).work[0].id;
    must(store_->wait(id, at(5min), "soaking until 12:05"));
    const auto pending = must(store_->pending());
    ASSERT_EQ(pending.size(), 2U);
    EXPECT_EQ(pending[0].since, kStart);
    EXPECT_EQ(pending[1].id, id);
    EXPECT_EQ(pending[1].attempts, 0);
    EXPECT_EQ(pending[1].due_at, at(5min));
    EXPECT_EQ(pending[1].since, at(5min));
    EXPECT_EQ(pending[1].created_at, kStart);
    auto row = trail_of(*store_, delivery.id).work[0];
    EXPECT_EQ(row.state, "pending");
    EXPECT_EQ(row.waiting, "soaking until 12:05");
    EXPECT_FALSE(trail_of(*store_, delivery.id).settled());
    const auto summary = must(store_->deliveries(std::nullopt, 1)).at(0);
    EXPECT_EQ(summary.pending, 2U);
    EXPECT_EQ(summary.waiting, 1U);

    must(store_->postpone(id, at(6min), "registry unreachable"));
    row = trail_of(*store_, delivery.id).work[0];
    EXPECT_EQ(row.waiting, std::nullopt);
    EXPECT_EQ(row.attempts, 1);
    must(store_->wait(id, at(7min), "window"));
    must(store_->settle(id, {"refused", "", std::nullopt, "{}"}, at(8min)));
    EXPECT_EQ(trail_of(*store_, delivery.id).work[0].waiting, std::nullopt);
    EXPECT_EQ(must(store_->deliveries(std::nullopt, 1)).at(0).waiting, 0U);
}

TEST_F(StoreTest, WorkEndsOnce) {
    const auto id = record(sample("k")).work.at(0).id;
    must(store_->settle(id, {"refused", "older", std::nullopt, "{}"}, at(1s)));
    EXPECT_ERROR(Errc::Conflict, store_->settle(id, {"committed", "", "abc", "{}"}, at(2s)));
    EXPECT_ERROR(Errc::Conflict, store_->postpone(id, at(2s), "x"));
    EXPECT_ERROR(Errc::Conflict, store_->wait(id, at(2s), "x"));
    EXPECT_ERROR(Errc::Conflict, store_->intend(id, "abc"));
    EXPECT_FALSE(store_->note(id, "pull request", "merged by a person", at(3s)).has_error());
}

TEST_F(StoreTest, UnknownWorkIsNotFound) {
    EXPECT_ERROR(Errc::NotFound, store_->intend(7, "abc"));
    EXPECT_ERROR(Errc::NotFound, store_->postpone(7, kStart, "x"));
    EXPECT_ERROR(Errc::NotFound, store_->wait(7, kStart, "x"));
    EXPECT_ERROR(Errc::NotFound, store_->settle(7, {"refused", "", std::nullopt, "{}"}, kStart));
    EXPECT_ERROR(Errc::NotFound, store_->note(7, "confirm", "x", kStart));
    EXPECT_FALSE(store_->database().in_transaction());
}

TEST_F(StoreTest, AWorkIdIsNeverGivenOutAgain) {
    const auto id = record(sample("a")).work.at(0).id;
    must(store_->settle(id, {"refused", "", std::nullopt, "{}"}, kStart));
    ASSERT_EQ(must(store_->expire(at(1s), 10)), 1U);
    EXPECT_GT(record(sample("b")).work.at(0).id, id);
}

TEST_F(StoreTest, ProbeWrites) {
    must(store_->probe());
    must(store_->probe());
    EXPECT_EQ(count("SELECT n FROM probe"), 2);
}

TEST_F(StoreTest, ExpireDeletesWholeSettledDeliveriesInChunksOldestFirst) {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        const auto delivery = sample(fmt::format("k{}", i), at(std::chrono::seconds{i}), 2, 2);
        ids.push_back(delivery.id);
        for (const auto& work : record(delivery).work) {
            must(store_->note(work.id, "confirm", "found", kStart));
            must(store_->settle(work.id, {"refused", "", std::nullopt, "{}"}, kStart));
        }
    }
    EXPECT_EQ(must(store_->expire(at(4s), 3)), 3U);
    EXPECT_EQ(must(store_->trail(ids[2])).has_value(), false);
    EXPECT_EQ(must(store_->trail(ids[3])).has_value(), true);
    EXPECT_EQ(must(store_->expire(at(4s), 3)), 1U);
    EXPECT_EQ(must(store_->expire(at(4s), 3)), 0U);
    EXPECT_EQ(count("SELECT count(*) FROM deliveries"), 1);
    EXPECT_EQ(count("SELECT count(*) FROM events"), 2);
    EXPECT_EQ(count("SELECT count(*) FROM work"), 4);
    EXPECT_EQ(count("SELECT count(*) FROM steps"), 4);
    EXPECT_TRUE(must(store_->trail(ids[4])).has_value());
    // A deleted key is new again.
    EXPECT_FALSE(record(sample("k0", kStart)).duplicate);
}

TEST_F(StoreTest, ExpireKeepsWhatIsPending) {
    const auto work = record(sample("old", kStart, 1, 2)).work;
    must(store_->settle(work[0].id, {"refused", "", std::nullopt, "{}"}, kStart));
    auto ignored = sample("ping", kStart, 0);
    ignored.ignored = "ping";
    record(ignored);
    EXPECT_EQ(must(store_->expire(at(1h), 10)), 1U);
    EXPECT_EQ(must(store_->pending()).size(), 1U);
}

TEST_F(StoreTest, EverythingIsThereAfterReopening) {
    const TempDir dir;
    store_ = open_store(dir / "s.db");
    const auto delivery = sample("k", kStart, 3, 2);
    const auto before = record(delivery).work;
    must(store_->intend(before[1].id, "abc"));
    store_ = nullptr;
    store_ = open_store(dir / "s.db");
    const auto after = must(store_->pending());
    ASSERT_EQ(after.size(), before.size());
    EXPECT_EQ(after[1].intended_commits, std::vector<std::string>{"abc"});
    EXPECT_TRUE(record(sample("k", at(1s))).duplicate);
}

TEST(StoreOpenTest, OpensThroughThePublicDoor) {
    const TempDir dir;
    auto store = must(Store::open(dir / "s.db"));
    EXPECT_FALSE(must(store->record(sample("k"))).duplicate);
    EXPECT_ERROR(Errc::Conflict, Store::open(dir / "s.db"));
    EXPECT_FALSE(Store::open(":memory:").has_error());
}

}  // namespace
}  // namespace linkspan::store
