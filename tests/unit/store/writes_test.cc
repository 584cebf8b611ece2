#include "service/store/writes.h"

#include "tests/unit/store/samples.h"

#include <vector>

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class WritesTest : public testing::Test {
protected:
    static Write write(
        const std::string& from, const std::string& to, const std::string& path = "a.yaml"
    ) {
        return {
            .target = "prod",
            .policy = "app",
            .path = path,
            .document = 0,
            .place = "spec.image",
            .image = "registry.example.com/acme/app",
            .old_tag = from,
            .new_tag = to,
            .commit = "commit-" + to,
            .at = at(1s)};
    }
    void record(const std::vector<Write>& rows) { must(writes_.record(rows)); }
    std::vector<std::string> current() {
        std::vector<std::string> tags;
        for (const auto& one : must(writes_.current("prod", "app"))) {
            tags.push_back(one.path + " " + one.new_tag + (one.undone ? " undone" : ""));
        }
        return tags;
    }

    std::unique_ptr<SqliteStore> store_ = open_store();
    Writes& writes_ = store_->writes();
};

using Lines = std::vector<std::string>;

TEST_F(WritesTest, EverythingIsKept) {
    Write one = write("1", "2");
    one.document = 3;
    one.old_digest = "sha256:a";
    one.new_digest = "sha256:b";
    record({one});
    const auto rows = must(writes_.current("prod", "app"));
    ASSERT_EQ(rows.size(), 1U);
    const Write& read = rows[0];
    EXPECT_EQ(read.document, 3U);
    EXPECT_EQ(read.place, "spec.image");
    EXPECT_EQ(read.image, "registry.example.com/acme/app");
    EXPECT_EQ(read.old_tag, "1");
    EXPECT_EQ(read.old_digest, "sha256:a");
    EXPECT_EQ(read.new_tag, "2");
    EXPECT_EQ(read.new_digest, "sha256:b");
    EXPECT_EQ(read.commit, "commit-2");
    EXPECT_EQ(read.at, at(1s));
    EXPECT_FALSE(read.undone.has_value());
}

TEST_F(WritesTest, TheNewestOfEachPlaceIsCurrent) {
    record({write("1", "2"), write("1", "2", "b.yaml")});
    record({write("2", "3")});
    EXPECT_EQ(current(), (Lines{"b.yaml 2", "a.yaml 3"}));
    EXPECT_TRUE(must(writes_.current("prod", "other")).empty());
    EXPECT_TRUE(must(writes_.current("other", "app")).empty());
}

TEST_F(WritesTest, WhatWasUndoneStaysCurrentUntilForgiven) {
    record({write("1", "2")});
    must(writes_.mark_undone(must(writes_.current("prod", "app"))[0].id, "Jane"));
    for (int i = 3; i < 20; ++i) record({write("x", std::to_string(i))});
    EXPECT_EQ(current(), (Lines{"a.yaml 2 undone", "a.yaml 19"}));
    ASSERT_EQ(must(writes_.undone()).size(), 1U);
    EXPECT_EQ(must(writes_.undone())[0].undone, "Jane");
    EXPECT_EQ(must(writes_.forgive("prod", "app")), 1U);
    EXPECT_EQ(current(), Lines{});
    EXPECT_TRUE(must(writes_.undone()).empty());
    // A rollback still knows where to go.
    EXPECT_EQ(must(writes_.history("prod", "app")).at(0).new_tag, "19");
}

TEST_F(WritesTest, WhatWasPushedCountsWhenItHasLanded) {
    const auto sent = [&](const std::string& from, const std::string& to) {
        Write one = write(from, to);
        one.landed = false;
        record({one});
    };
    record({write("1", "2")});
    sent("2", "3");
    // Both may be in the branch: Git says.
    auto rows = must(writes_.current("prod", "app"));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_TRUE(rows[0].landed);
    EXPECT_FALSE(rows[1].landed);
    EXPECT_EQ(must(writes_.history("prod", "app")).size(), 1U);
    must(writes_.settle("commit-3", false));
    EXPECT_EQ(current(), Lines{"a.yaml 2"});

    sent("2", "4");
    sent("2", "5");
    must(writes_.settle("commit-5", true));
    // Whoever expected the same base can't land after it.
    EXPECT_EQ(current(), Lines{"a.yaml 5"});
    EXPECT_EQ(must(writes_.history("prod", "app")).size(), 2U);
    must(writes_.settle("commit-5", false));
    EXPECT_EQ(current(), Lines{"a.yaml 5"});
    // Many tries that nobody heard the end of don't push out what is in the branch.
    for (int i = 6; i < 20; ++i) sent("5", std::to_string(i));
    EXPECT_EQ(must(writes_.history("prod", "app")).size(), 2U);
}

TEST_F(WritesTest, APersonPutsItBack) {
    record({write("1", "2")});
    const auto id = must(writes_.current("prod", "app"))[0].id;
    must(writes_.mark_undone(id, "Jane"));
    must(writes_.clear_undone(id));
    EXPECT_EQ(current(), Lines{"a.yaml 2"});
    EXPECT_TRUE(must(writes_.undone()).empty());
}

TEST_F(WritesTest, OldRowsGo) {
    for (int i = 0; i < 50; ++i) record({write(std::to_string(i), std::to_string(i + 1))});
    EXPECT_EQ(must(store_->database().integer("SELECT count(*) FROM writes")), 5);
}

TEST_F(WritesTest, AnUnknownRowIsAnError) {
    EXPECT_EQ(writes_.mark_undone(7, "Jane").error().kind, Errc::NotFound);
}

TEST_F(WritesTest, ADirectiveComesBackWithItsWork) {
    NewDelivery delivery = sample("key");
    delivery.events = {{.event = sample_event(), .work = {{"prod", "app", R"({"rollback":{}})"}}}};
    EXPECT_EQ(must(store_->record(delivery)).work[0].directive, R"({"rollback":{}})");
    ASSERT_EQ(must(store_->pending()).size(), 1U);
    EXPECT_EQ(must(store_->pending())[0].directive, R"({"rollback":{}})");
}

}  // namespace
}  // namespace linkspan::store
