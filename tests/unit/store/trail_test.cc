#include "tests/unit/store/samples.h"

#include <algorithm>

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class TrailTest : public testing::Test {
protected:
    std::unique_ptr<SqliteStore> store_ = open_store();
};

TEST_F(TrailTest, IsWhole) {
    auto delivery = sample("k", at(123456789ns), 2, 1);
    delivery.key_window = 77s;
    delivery.proven = false;
    delivery.answer_status = 202;
    auto& event = delivery.events[1].event;
    event.digest = "sha256:abc";
    event.media_type = "application/vnd.oci.image.index.v1+json";
    event.pushed_at = "2024-05-01T10:00:00Z";
    event.revision = "0123abc";
    event.source = "https://git.example.com/acme/app";
    event.build_url = "https://ci.example.com/1";
    event.actor = "somebody";
    const auto recorded = must(store_->record(delivery));
    must(store_->note(recorded.work[1].id, "confirm", "found", at(1s)));

    const auto trail = trail_of(*store_, delivery.id);
    EXPECT_EQ(trail.delivery.id, delivery.id);
    EXPECT_EQ(trail.delivery.receiver, delivery.receiver);
    EXPECT_EQ(trail.delivery.sender, delivery.sender);
    EXPECT_EQ(trail.delivery.key, delivery.key);
    EXPECT_EQ(trail.delivery.key_window, 77s);
    EXPECT_EQ(trail.delivery.received_at, delivery.received_at);
    EXPECT_EQ(trail.delivery.remote_address, delivery.remote_address);
    EXPECT_FALSE(trail.delivery.proven);
    EXPECT_EQ(trail.delivery.ignored, std::nullopt);
    EXPECT_EQ(trail.delivery.answer_status, 202);
    EXPECT_EQ(trail.delivery.answer_body, delivery.answer_body);
    ASSERT_EQ(trail.delivery.events.size(), 2U);
    EXPECT_EQ(trail.delivery.events[0].event, delivery.events[0].event);
    EXPECT_EQ(trail.delivery.events[1].event, delivery.events[1].event);

    ASSERT_EQ(trail.work.size(), 2U);
    const auto& row = trail.work[1];
    EXPECT_EQ(row.id, recorded.work[1].id);
    EXPECT_EQ(row.event_index, 1U);
    EXPECT_EQ(row.target, "target-0");
    EXPECT_EQ(row.policy, "flux-system:app");
    EXPECT_EQ(row.state, "pending");
    EXPECT_EQ(row.due_at, delivery.received_at);
    EXPECT_FALSE(row.outcome.has_value());
    EXPECT_FALSE(row.done_at.has_value());
    ASSERT_EQ(row.steps.size(), 1U);
    EXPECT_EQ(row.steps[0].at, at(1s));
    EXPECT_EQ(row.steps[0].step, "confirm");
    EXPECT_EQ(row.steps[0].text, "found");
    EXPECT_TRUE(trail.work[0].steps.empty());
}

TEST_F(TrailTest, OfAnUnknownDeliveryIsNothing) {
    EXPECT_EQ(must(store_->trail("01ARYZ6S41AAAAAAAAAAAAAAAA")).has_value(), false);
    EXPECT_EQ(must(store_->trail("")).has_value(), false);
}

TEST_F(TrailTest, IsSettledWhenNothingIsPending) {
    const auto delivery = sample("k", kStart, 1, 2);
    const auto work = must(store_->record(delivery)).work;
    EXPECT_FALSE(trail_of(*store_, delivery.id).settled());
    must(store_->settle(work[0].id, {"refused", "", std::nullopt, "{}"}, kStart));
    EXPECT_FALSE(trail_of(*store_, delivery.id).settled());
    must(store_->settle(work[1].id, {"refused", "", std::nullopt, "{}"}, kStart));
    EXPECT_TRUE(trail_of(*store_, delivery.id).settled());
    auto ignored = sample("ping", kStart, 0);
    ignored.ignored = "ping";
    must(store_->record(ignored));
    EXPECT_TRUE(trail_of(*store_, ignored.id).settled());
    EXPECT_EQ(trail_of(*store_, ignored.id).delivery.ignored, "ping");
}

TEST_F(TrailTest, KeepsTextFromOutsideAsItIs) {
    struct Case {
        std::string name;
        std::string text;
    };
    for (const Case& c : std::vector<Case>{
             {"empty", ""},
             {"embedded NUL", std::string{"a\0b\0", 4}},
             {"not UTF-8", "\xff\xfe\x80"},
             {"SQL", "'; DROP TABLE work; --"},
             {"looks like a number", "007"},
             {"1 MiB", std::string(1U << 20U, 'x') + std::string{"\0y", 2}},
         }) {
        SCOPED_TRACE(c.name);
        auto delivery = sample("key" + c.text);
        delivery.answer_body = c.text;
        delivery.sender = c.text;
        delivery.remote_address = c.text;
        delivery.ignored = c.text;
        delivery.events[0].event.source = c.text;
        delivery.events[0].work[0].target = c.text;
        const auto id = must(store_->record(delivery)).work.at(0).id;
        must(store_->postpone(id, kStart, c.text));
        must(store_->note(id, c.text, c.text, kStart));
        must(store_->settle(id, {"failed", c.text, c.text, c.text}, kStart));
        const auto trail = trail_of(*store_, delivery.id);
        EXPECT_EQ(trail.delivery.key, delivery.key);
        EXPECT_EQ(trail.delivery.answer_body, c.text);
        EXPECT_EQ(trail.delivery.sender, c.text);
        EXPECT_EQ(trail.delivery.remote_address, c.text);
        EXPECT_EQ(trail.delivery.ignored, c.text);
        EXPECT_EQ(trail.delivery.events[0].event.source, c.text);
        const auto& work = trail.work.at(0);
        EXPECT_EQ(work.target, c.text);
        EXPECT_EQ(work.last_error, c.text);
        EXPECT_EQ(work.outcome->reason, c.text);
        EXPECT_EQ(work.outcome->commit, c.text);
        EXPECT_EQ(work.outcome->detail_json, c.text);
        EXPECT_EQ(work.steps.at(0).step, c.text);
        EXPECT_EQ(work.steps.at(0).text, c.text);
        EXPECT_TRUE(must(store_->record(delivery)).duplicate);
    }
}

TEST_F(TrailTest, KeepsTheFirstAndTheLastSteps) {
    const auto delivery = sample("k", kStart, 1, 2);
    const auto work = must(store_->record(delivery)).work;
    const auto note = [&](int i) {
        must(store_->note(work[0].id, "step", std::to_string(i), at(std::chrono::seconds{i})));
    };
    must(store_->note(work[1].id, "step", "of the other one", kStart));
    for (int i = 0; i < 200; ++i) note(i);
    auto row = trail_of(*store_, delivery.id).work[0];
    EXPECT_EQ(row.steps.size(), 200U);
    EXPECT_EQ(row.steps_left_out, 0U);
    for (int i = 200; i < 1000; ++i) note(i);
    row = trail_of(*store_, delivery.id).work[0];
    ASSERT_EQ(row.steps.size(), 200U);
    EXPECT_EQ(row.steps_left_out, 800U);
    EXPECT_EQ(row.steps[0].text, "0");
    EXPECT_EQ(row.steps[49].text, "49");
    EXPECT_EQ(row.steps[50].text, "850");
    EXPECT_EQ(row.steps[199].text, "999");
    EXPECT_EQ(trail_of(*store_, delivery.id).work[1].steps.size(), 1U);
}

TEST_F(TrailTest, ACorruptEventIsSaidToBe) {
    const auto delivery = sample("k");
    must(store_->record(delivery));
    must(store_->database().script("UPDATE events SET tag = 'not a tag'"));
    EXPECT_ERROR(Errc::Corrupt, store_->trail(delivery.id));
    EXPECT_ERROR(Errc::Corrupt, store_->pending());
}

TEST_F(TrailTest, PendingIsOldestDueFirst) {
    const auto a = must(store_->record(sample("a", at(2s)))).work.at(0).id;
    const auto b = must(store_->record(sample("b", at(1s), 1, 2))).work;
    must(store_->postpone(b[0].id, at(10s), "x"));
    std::vector<std::int64_t> ids;
    for (const auto& item : must(store_->pending())) ids.push_back(item.id);
    EXPECT_EQ(ids, (std::vector<std::int64_t>{b[1].id, a, b[0].id}));
}

TEST_F(TrailTest, DeliveriesAreNewestFirstInPages) {
    std::vector<std::string> ids;
    for (int i = 0; i < 7; ++i) {
        // The last three within one millisecond.
        auto delivery =
            sample(fmt::format("k{}", i), at(std::chrono::seconds{std::min(i, 4)}), 2, 2);
        ids.insert(ids.begin(), delivery.id);
        must(store_->record(delivery));
    }
    std::vector<std::string> seen;
    std::optional<std::string> after;
    for (;;) {
        const auto page = must(store_->deliveries(after, 3));
        if (page.empty()) break;
        EXPECT_LE(page.size(), 3U);
        for (const auto& row : page) seen.push_back(row.id);
        after = page.back().id;
    }
    EXPECT_EQ(seen, ids);
    EXPECT_TRUE(must(store_->deliveries(std::nullopt, 0)).empty());
}

TEST_F(TrailTest, ADeliverySummarySaysWhatIsLeftToDo) {
    const auto delivery = sample("k", kStart, 2, 2);
    const auto work = must(store_->record(delivery)).work;
    must(store_->settle(work[0].id, {"refused", "", std::nullopt, "{}"}, kStart));
    const auto page = must(store_->deliveries(std::nullopt, 10));
    ASSERT_EQ(page.size(), 1U);
    EXPECT_EQ(page[0].id, delivery.id);
    EXPECT_EQ(page[0].receiver, "harbor");
    EXPECT_EQ(page[0].sender, "harbor");
    EXPECT_EQ(page[0].received_at, kStart);
    EXPECT_EQ(page[0].ignored, std::nullopt);
    EXPECT_EQ(page[0].events, 2U);
    EXPECT_EQ(page[0].pending, 3U);
}

TEST_F(TrailTest, APullRequestsWorkIsToldWhatBecameOfIt) {
    const auto delivery = sample("k", kStart, 1, 2);
    const auto recorded = must(store_->record(delivery));
    must(store_->settle(
        recorded.work[0].id,
        {.kind = "pull_request",
         .reason = "pull request 7 carries it",
         .commit = "aaa",
         .detail_json =
             R"({"decision":{"selected":"1.1.0"},"pull_request":{"number":7,"state":"x"}})"},
        at(1s)
    ));
    const Outcome merged{
        .kind = "merged",
        .reason = "pull request 7 was merged",
        .commit = "bbb",
        .detail_json = R"({"pull_request":{"state":"merged"}})"};
    const auto policy = recorded.work[0].policy;
    EXPECT_TRUE(must(store_->revise("target-0", policy, "1.2.0", 7, merged, at(2s))).empty());
    EXPECT_TRUE(must(store_->revise("target-0", policy, "1.1.0", 8, merged, at(2s))).empty());
    const auto items = must(store_->revise("target-0", policy, "1.1.0", 7, merged, at(2s)));
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].id, recorded.work[0].id);
    EXPECT_EQ(items[0].event, recorded.work[0].event);
    const auto trail = trail_of(*store_, delivery.id);
    ASSERT_TRUE(trail.work[0].outcome.has_value());
    EXPECT_EQ(trail.work[0].outcome->kind, "merged");
    EXPECT_EQ(trail.work[0].outcome->commit, "bbb");
    EXPECT_EQ(
        trail.work[0].outcome->detail_json,
        R"({"decision":{"selected":"1.1.0"},"pull_request":{"number":7,"state":"merged"}})"
    );
    ASSERT_EQ(trail.work[0].steps.size(), 1U);
    EXPECT_EQ(trail.work[0].steps[0].text, "pull request 7 was merged");
    // Once, and only what had ended so.
    EXPECT_TRUE(must(store_->revise("target-0", policy, "1.1.0", 7, merged, at(3s))).empty());
    EXPECT_TRUE(must(store_->revise("target-1", policy, "1.1.0", 7, merged, at(3s))).empty());
}

}  // namespace
}  // namespace linkspan::store
