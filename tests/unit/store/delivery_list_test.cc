#include "service/store/delivery_filter.h"
#include "service/store/policy_states.h"
#include "tests/unit/store/samples.h"

namespace linkspan::store {
namespace {

using namespace std::chrono_literals;

class DeliveryListTest : public testing::Test {
protected:
    std::size_t count(const DeliveryFilter& filter) {
        return must(store_->deliveries(filter, std::nullopt, 100, at(60s))).deliveries.size();
    }

    std::unique_ptr<SqliteStore> store_ = open_store();
};

TEST_F(DeliveryListTest, FiltersByWorkEventsAndTime) {
    const auto done = must(store_->record(sample("a", at(0s), 1, 2))).work;
    must(store_->settle(done[0].id, {"committed", "", "abc", "{}"}, at(1s)));
    must(store_->settle(done[1].id, {"failed", "", std::nullopt, "{}"}, at(1s)));
    const auto tried = must(store_->record(sample("b", at(10s)))).work;
    must(store_->postpone(tried[0].id, at(120s), "unreachable"));
    must(store_->record(sample("c", at(20s))));
    auto other = sample("d", at(30s), 1, 0);
    other.receiver = "ci";
    must(store_->record(other));

    const std::string image = "registry.example.com:5000/acme/app";
    struct Case {
        std::string name;
        DeliveryFilter filter;
        std::size_t wanted;
    };
    for (const Case& c : std::vector<Case>{
             {"all", {}, 4},
             {"receiver", {.receiver = "ci"}, 1},
             {"target", {.target = "target-1"}, 1},
             {"image", {.image = image}, 4},
             {"part of an image", {.image = "registry.example.com:5000/acme"}, 0},
             {"no image", {.image = "x"}, 0},
             {"outcome", {.outcome = "committed"}, 1},
             {"outcome failed", {.outcome = "failed"}, 1},
             {"pending", {.state = "pending"}, 2},
             {"waiting", {.state = "waiting"}, 1},
             {"failed", {.state = "failed"}, 1},
             {"failed elsewhere", {.target = "target-9", .state = "failed"}, 0},
             {"since", {.since = at(10s)}, 3},
             {"until", {.until = at(10s)}, 1},
             {"between", {.since = at(10s), .until = at(20s)}, 1},
         }) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(count(c.filter), c.wanted);
    }
    const auto page = must(store_->deliveries({.state = "failed"}, std::nullopt, 100, at(60s)));
    EXPECT_EQ(page.deliveries.at(0).failed, 1U);
    EXPECT_EQ(page.next, std::nullopt);
}

TEST_F(DeliveryListTest, GoesOnWhereAPageEnded) {
    for (int i = 0; i < 5; ++i) must(store_->record(sample("k" + std::to_string(i), at(i * 1s))));
    std::vector<TimePoint> seen;
    std::optional<std::string> after;
    do {
        const auto page = must(store_->deliveries({.receiver = "harbor"}, after, 2, at(60s)));
        for (const auto& one : page.deliveries) seen.push_back(one.received_at);
        after = page.next;
    } while (after);
    EXPECT_EQ(seen, (std::vector{at(4s), at(3s), at(2s), at(1s), at(0s)}));
}

TEST_F(DeliveryListTest, PolicyStatesTellTheLastOfEachKind) {
    auto& states = store_->policy_states();
    EXPECT_FALSE(must(states.last("target-0", "flux-system:app", false)));
    std::vector<WorkItem> work;
    for (int i = 0; i < 4; ++i) {
        work.push_back(must(store_->record(sample("k" + std::to_string(i), at(i * 1s)))).work[0]);
    }
    must(store_->settle(work[0].id, {"committed", "", "abc", "{}"}, at(10s)));
    must(store_->settle(work[1].id, {"already_current", "", std::nullopt, "{}"}, at(11s)));
    must(store_->settle(work[2].id, {"held", "why", std::nullopt, "{}"}, at(12s)));
    const auto kind = [](const Result<std::optional<EndedWork>>& ended) {
        return ended->value().outcome.kind;
    };
    EXPECT_EQ(kind(states.last("target-0", "flux-system:app", false)), "held");
    EXPECT_EQ(kind(states.last("target-0", "flux-system:app", true)), "already_current");
    EXPECT_EQ(kind(states.last_commit("target-0", "flux-system:app")), "committed");
    EXPECT_EQ(must(states.pending("target-0", "flux-system:app")), 1U);
    EXPECT_EQ(must(states.pending("target-1", "flux-system:app")), 0U);
    EXPECT_EQ(must(states.newest_tag(sample_event().image)), "1.0.0");
}

TEST_F(DeliveryListTest, PolicyStatesTellWhetherThereIsWork) {
    auto& states = store_->policy_states();
    const auto image = sample_event().image;
    const auto other = *image::ImageName::parse("registry.example.com/acme/other");
    const auto tag = *image::Tag::parse("1.0.0");
    const auto next = *image::Tag::parse("1.0.1");
    const auto has = [&](const char* target, const image::ImageName& name) {
        return must(states.has_work(target, "flux-system:app", name));
    };
    const auto awaits = [&](const image::ImageName& name, const image::Tag& which) {
        return must(states.awaits("target-0", "flux-system:app", name, which));
    };
    EXPECT_FALSE(has("target-0", image));
    const auto work = must(store_->record(sample("k"))).work.at(0);
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(has("target-0", image));
        EXPECT_FALSE(has("target-1", image));
        EXPECT_FALSE(has("target-0", other));
        EXPECT_EQ(awaits(image, tag), round == 0);
        EXPECT_FALSE(awaits(image, next));
        EXPECT_FALSE(awaits(other, tag));
        if (round == 0) must(store_->settle(work.id, {"refused", "w", {}, "{}"}, at(10s)));
    }
}

TEST_F(DeliveryListTest, HoldsTellTheirEnds) {
    auto& holds = store_->holds();
    EXPECT_EQ(must(holds.next_end(at(0s))), std::nullopt);
    Hold hold{.target = "prod", .policy = "app", .who = "alice", .why = "w", .since = at(0s)};
    must(holds.set(hold));
    hold.tag = "1.0.0";
    hold.until = at(10s);
    must(holds.set(hold));
    EXPECT_EQ(must(holds.next_end(at(0s))), at(10s));
    EXPECT_TRUE(must(holds.ended(at(9s))).empty());
    EXPECT_EQ(must(holds.ended(at(10s))).at(0).tag, "1.0.0");
    EXPECT_EQ(must(holds.next_end(at(10s))), std::nullopt);
}

}  // namespace
}  // namespace linkspan::store
