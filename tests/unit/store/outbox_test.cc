#include "service/store/outbox.h"

#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class OutboxTest : public testing::Test {
protected:
    static OutboxMessage message(const std::string& id, const std::string& sink = "chat") {
        return {
            .id = id,
            .sink = sink,
            .kind = "committed",
            .content = "{\"n\":\"" + id + "\"}",
            .created_at = kStart,
            .due_at = kStart,
        };
    }
    std::vector<std::string> pending(const std::string& sink = "chat") {
        std::vector<std::string> ids;
        for (const auto& one : must(outbox_.pending(sink, 100))) ids.push_back(one.id);
        return ids;
    }
    std::unique_ptr<SqliteStore> store_ = open_store();
    Outbox& outbox_ = store_->outbox();
};

TEST_F(OutboxTest, AMessageIsWholeAndThereOnce) {
    EXPECT_TRUE(must(outbox_.add(message("a"))));
    auto again = message("a");
    again.content = "other";
    EXPECT_FALSE(must(outbox_.add(again)));
    const auto list = must(outbox_.pending("chat", 10));
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0].content, "{\"n\":\"a\"}");
    EXPECT_EQ(list[0].kind, "committed");
    EXPECT_EQ(list[0].created_at, kStart);
    EXPECT_EQ(list[0].attempts, 0);
    EXPECT_EQ(list[0].state, "pending");
    EXPECT_TRUE(must(outbox_.pending("other", 10)).empty());
}

TEST_F(OutboxTest, ADeliveredOneIsKnownButNotSentAgain) {
    must(outbox_.add(message("a")));
    must(outbox_.delivered("a", at(1s)));
    EXPECT_TRUE(pending().empty());
    EXPECT_FALSE(must(outbox_.add(message("a"))));
    EXPECT_EQ(must(outbox_.list("delivered", std::nullopt, 10)).at(0).done_at, at(1s));
    // What comes too late changes nothing.
    must(outbox_.give_up("a", "late", at(2s)));
    EXPECT_TRUE(must(outbox_.list("dead", std::nullopt, 10)).empty());
}

TEST_F(OutboxTest, TheEarliestDueIsFirst) {
    for (const char* id : {"a", "b", "c"}) must(outbox_.add(message(id)));
    must(outbox_.postpone("a", at(1h), "500"));
    EXPECT_EQ(pending(), (std::vector<std::string>{"b", "c", "a"}));
    const auto last = must(outbox_.pending("chat", 10)).back();
    EXPECT_EQ(last.attempts, 1);
    EXPECT_EQ(last.last_error, "500");
    EXPECT_EQ(last.due_at, at(1h));
}

TEST_F(OutboxTest, TheOldestIsFirstWhereAskedFor) {
    for (const char* const id : {"a", "b", "c"}) must(outbox_.add(message(id)));
    must(outbox_.postpone("a", kStart + 1h, "down"));
    must(outbox_.delivered("b", kStart));
    must(outbox_.add(message("other", "mail")));
    std::vector<std::string> ids;
    for (const auto& one : must(outbox_.pending("chat", 2, Outbox::Order::Age))) {
        ids.push_back(one.id);
    }
    EXPECT_EQ(ids, (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(pending(), (std::vector<std::string>{"c", "a"}));
}

TEST_F(OutboxTest, TheDeadAreShownAndCanBeRevived) {
    must(outbox_.add(message("a")));
    must(outbox_.give_up("a", "410 Gone", at(1s)));
    EXPECT_TRUE(pending().empty());
    const auto dead = must(outbox_.list("dead", std::nullopt, 10));
    ASSERT_EQ(dead.size(), 1U);
    EXPECT_EQ(dead[0].last_error, "410 Gone");
    EXPECT_TRUE(must(outbox_.revive("a", at(2s))));
    EXPECT_FALSE(must(outbox_.revive("a", at(2s))));
    EXPECT_EQ(pending(), std::vector<std::string>{"a"});
    EXPECT_EQ(must(outbox_.pending("chat", 1)).at(0).created_at, at(2s));
}

TEST_F(OutboxTest, SinksThatAreGone) {
    must(outbox_.add(message("a", "gone")));
    must(outbox_.add(message("b", "chat")));
    EXPECT_EQ(must(outbox_.waiting_sinks()).size(), 2U);
    EXPECT_EQ(must(outbox_.give_up_all("gone", "no longer configured", at(1s))), 1U);
    EXPECT_EQ(must(outbox_.waiting_sinks()), std::vector<std::string>{"chat"});
}

TEST_F(OutboxTest, ListsPageByPageAndForgetsWhatEnded) {
    for (const char* id : {"a", "b", "c"}) must(outbox_.add(message(id)));
    const auto page = must(outbox_.list(std::nullopt, std::nullopt, 2));
    ASSERT_EQ(page.size(), 2U);
    EXPECT_EQ(page[0].id, "c");
    EXPECT_EQ(must(outbox_.list(std::nullopt, page[1].seq, 2)).at(0).id, "a");
    must(outbox_.delivered("a", at(1s)));
    must(outbox_.delivered("b", at(2h)));
    EXPECT_EQ(must(outbox_.expire(at(1h), 10)), 1U);
    EXPECT_EQ(must(outbox_.list(std::nullopt, std::nullopt, 10)).size(), 2U);
}

}  // namespace
}  // namespace linkspan::store
