// What is decided without a call: over a registry in memory, a store in memory, and a repository of
// the real Git.
#include "service/pipeline/poller.h"

#include "service/pipeline/pipeline.h"
#include "service/pipeline/store_access.h"
#include "service/store/known_tags.h"
#include "tests/support_git/git_repo.h"
#include "tests/unit/pipeline/deciding.h"

#include <algorithm>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Clock = std::chrono::system_clock;

class PollerTest : public ::testing::Test {
protected:
    PollerTest() {
        config.data_dir = sandbox / "data";
        config.retry.initial = 50ms;
        config.retry.longest = 200ms;
        config::Registry entry;
        entry.host = registry.host();
        entry.insecure = true;
        config.registries.push_back(entry);
        config::Repository repository;
        repository.name = "fleet";
        repository.url = "file://" + remote.path();
        config.repositories.push_back(repository);
        remote.person_commits(
            {{"app.yaml",
              "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: " + image.str() +
                  ":0.1.0\n"}},
            "Deploy app"
        );
        config::Target target;
        target.name = "prod";
        target.repository = "fleet";
        config.targets.push_back(target);
    }
    ~PollerTest() override { stop(); }

    policy::Policy& add(const std::string& name, policy::Selection select = policy::Semver{}) {
        policy::Policy policy;
        policy.name = name;
        policy.image = image;
        policy.select = std::move(select);
        config.policies.push_back(std::move(policy));
        config.targets[0].policies.push_back(name);
        return config.policies.back();
    }
    [[nodiscard]] ConfigPtr snapshot() const { return std::make_shared<config::Config>(config); }
    void start() {
        pipeline.emplace(context.get_executor(), snapshot(), writer, metrics);
        const auto resumed = [](Pipeline& line) -> boost::asio::awaitable<bool> {
            auto status = co_await line.resume();
            co_return !status.has_error();
        };
        ASSERT_TRUE(finish(context, resumed(*pipeline)));
    }
    void stop() {
        if (!pipeline) return;
        finish(context, pipeline->stop(60s));
        pipeline.reset();
    }
    template <class T>
    T ask(std::function<Result<T>(store::Store&)> question) {
        return value_of(finish(context, in_store<T>(writer, std::move(question))));
    }
    void change(std::function<Status(store::Store&)> work) {
        std::function<Result<bool>(store::Store&)> question =
            [work = std::move(work)](store::Store& store) -> Result<bool> {
            auto status = work(store);
            if (status.has_error()) return status.error();
            return true;
        };
        ask<bool>(std::move(question));
    }
    // Oldest first.
    std::vector<store::Trail> trails() {
        return ask<std::vector<store::Trail>>(
            [](store::Store& store) -> Result<std::vector<store::Trail>> {
                std::vector<store::Trail> out;
                LINKSPAN_TRY(page, store.deliveries(std::nullopt, 100));
                for (auto one = page.rbegin(); one != page.rend(); ++one) {
                    LINKSPAN_TRY(trail, store.trail(one->id));
                    out.push_back(std::move(*trail));
                }
                return out;
            }
        );
    }
    // "1.0.0: a b": each delivery's tag and policies.
    std::vector<std::string> told() {
        std::vector<std::string> out;
        for (const auto& trail : trails()) {
            std::string line = trail.delivery.events.at(0).event.tag.str() + ":";
            for (const auto& work : trail.work) line += " " + work.policy;
            out.push_back(line);
        }
        return out;
    }
    // With patience; false when it was in vain.
    bool comes(const std::function<bool()>& what) {
        const auto end = std::chrono::steady_clock::now() + 100s;
        while (!what()) {
            if (std::chrono::steady_clock::now() > end) return false;
            if (context.stopped()) context.restart();
            context.run_for(20ms);
        }
        return true;
    }
    bool comes(std::size_t deliveries) {
        return comes([this, deliveries] { return told().size() >= deliveries; });
    }
    // So many lists later, nothing else has come of them.
    void lists_pass(std::size_t lists) {
        registry.asked();
        std::size_t seen = 0;
        EXPECT_TRUE(comes([&] { return (seen += registry.count("GET tags")) >= lists; }));
    }
    void listed(const std::vector<std::string>& tags) {
        change([this, tags](store::Store& store) -> Status {
            auto change = store.known_tags().replace_listing(image, tags, Clock::now());
            if (change.has_error()) return change.error();
            return {};
        });
    }
    void push_event(const std::string& tag, const std::string& policy) {
        std::function<Result<store::Recorded>(store::Store&)> record =
            [this, tag, policy](store::Store& store) {
                return store.record(delivery_of(
                    config,
                    image,
                    *image::Tag::parse(tag),
                    std::nullopt,
                    {{.target = "prod", .policy = policy}},
                    Clock::now()
                ));
            };
        auto recorded = ask<store::Recorded>(std::move(record));
        if (pipeline) pipeline->start(std::move(recorded.work));
    }

    testing::Sandbox sandbox;
    testing::RemoteRepo remote{sandbox, "fleet"};
    FakeRegistry registry;
    image::ImageName image = registry.image();
    config::Config config;
    boost::asio::io_context context{1};
    store::Writer writer{memory_store()};
    Metrics metrics;
    std::optional<Pipeline> pipeline;
};

TEST_F(PollerTest, TheFirstListDecidesOnceForEachPolicyAndNewTagsAreEvents) {
    config.registries[0].poll = 100ms;
    add("one", policy::Semver{.range = "^1"});
    add("all", policy::Semver{.range = "*"});
    for (const char* tag : {"1.0.0", "1.1.0", "2.0.0", "2.1.0"}) registry.push(tag);
    start();
    ASSERT_TRUE(comes(2));
    EXPECT_THAT(told(), UnorderedElementsAre("1.1.0: one", "2.1.0: all"));
    registry.push("1.2.0");
    ASSERT_TRUE(comes(3));
    lists_pass(3);
    EXPECT_THAT(told(), UnorderedElementsAre("1.1.0: one", "2.1.0: all", "1.2.0: one all"));
    for (const auto& trail : trails()) EXPECT_EQ(trail.delivery.receiver, "poll");
}

TEST_F(PollerTest, TheFirstListTakesTheNextBestWhereTheBestIsNotThere) {
    config.registries[0].poll = 100ms;
    add("a");
    for (const char* tag : {"1.0.0", "1.1.0", "1.8.0"}) registry.push(tag);
    registry.list("1.9.0");
    registry.spoil("1.8.0", 412);
    start();
    ASSERT_TRUE(comes(1));
    lists_pass(2);
    ASSERT_THAT(told(), ElementsAre("1.1.0: a"));
    std::vector<std::string> steps;
    const auto first = trails().at(0);
    for (const auto& step : first.work.at(0).steps) steps.push_back(step.text);
    EXPECT_THAT(steps, Contains(HasSubstr("\"1.9.0\" is listed, but not there")));
    EXPECT_THAT(steps, Contains(HasSubstr("\"1.8.0\" can't be read")));
    // It is new when it is there.
    registry.remove("1.9.0");
    registry.push("1.9.0");
    ASSERT_TRUE(comes(2));
    EXPECT_THAT(told(), Contains("1.9.0: a"));
}

TEST_F(PollerTest, AMovedTagIsAnEventForAllWhoFollowIt) {
    config.registries[0].poll = 100ms;
    add("a", policy::Follow{"stable"});
    add("b", policy::Follow{"stable"});
    registry.push("stable");
    start();
    ASSERT_TRUE(comes(1));
    EXPECT_THAT(told(), ElementsAre("stable: a b"));
    // Within the interval the same digest would be taken for a repetition; a moment is remembered.
    const auto moved = registry.push("stable", {}, "moved");
    ASSERT_TRUE(comes(2));
    EXPECT_THAT(told(), ElementsAre("stable: a b", "stable: a b"));
    EXPECT_EQ(trails().at(1).delivery.events.at(0).event.digest, moved);
}

TEST_F(PollerTest, APolicyThatJoinsAtTheStartIsDecidedOnce) {
    add("old");
    add("joins", policy::Semver{.range = "<2"});
    for (const char* tag : {"1.0.0", "1.1.0", "2.0.0"}) registry.push(tag);
    listed({"1.0.0", "1.1.0", "1.2.0", "2.0.0"});  // 1.2.0 was deleted since
    push_event("2.0.0", "old");
    start();
    ASSERT_TRUE(comes(2));
    EXPECT_THAT(told(), ElementsAre("2.0.0: old", "1.1.0: joins"));
    stop();
    start();
    push_event("1.0.0", "old");
    ASSERT_TRUE(comes(3));
    stop();
    EXPECT_THAT(told(), ElementsAre("2.0.0: old", "1.1.0: joins", "1.0.0: old"));
}

TEST_F(PollerTest, APolicyThatJoinsAtAReloadIsDecidedOnce) {
    add("old");
    registry.push("1.0.0");
    listed({"1.0.0"});
    push_event("1.0.0", "old");
    start();
    EXPECT_EQ(told().size(), 1U);
    add("joins");
    // The last word counts.
    pipeline->use(snapshot());
    pipeline->use(snapshot());
    ASSERT_TRUE(comes(2));
    pipeline->use(snapshot());
    add("joins-too");
    pipeline->use(snapshot());
    ASSERT_TRUE(comes(3));
    EXPECT_THAT(told(), ElementsAre("1.0.0: old", "1.0.0: joins", "1.0.0: joins-too"));
}

TEST_F(PollerTest, ANewPolicyWaitsForARegistryThatIsDown) {
    add("joins");
    registry.push("1.0.0");
    registry.spoil("1.0.0", 503);
    listed({"1.0.0"});
    start();
    ASSERT_TRUE(comes([this] { return registry.count("HEAD 1.0.0") > 0; }));
    EXPECT_THAT(told(), IsEmpty());
    registry.spoil("1.0.0", 0);
    ASSERT_TRUE(comes(1));
    EXPECT_THAT(told(), ElementsAre("1.0.0: joins"));
}

TEST_F(PollerTest, AnImageThatWasNeverListedWaitsForItsFirstEvent) {
    add("a");
    registry.push("1.0.0");
    start();
    push_event("1.0.0", "a");
    ASSERT_TRUE(comes([this] { return registry.count("GET tags") > 0; }));
    EXPECT_THAT(told(), ElementsAre("1.0.0: a"));
}

TEST_F(PollerTest, ASoakThatBeganWithoutAnEventIsWaitedForOnce) {
    add("a").soak = 1h;
    add("b").soak = 1h;
    const auto digest = registry.push("1.5.1");
    for (const char* tag : {"1.0.0", "1.9.0"}) registry.push(tag);
    listed({"1.0.0", "1.5.1", "1.9.0"});
    change([this, digest](store::Store& store) {
        const auto tag = *image::Tag::parse("1.5.1");
        return store.known_tags().note_tag(image, tag, digest, std::nullopt, Clock::now() - 2h);
    });
    push_event("1.5.1", "a");
    push_event("1.5.1", "b");
    start();
    ASSERT_TRUE(comes(4));
    const auto waiting = [this] {
        const auto all = trails();
        return std::count_if(all.begin(), all.end(), [](const store::Trail& trail) {
            return trail.work.at(0).waiting &&
                   trail.delivery.events.at(0).event.tag.str() == "1.9.0";
        });
    };
    ASSERT_TRUE(comes([&] { return waiting() == 2; }));
    // Its work is there already.
    push_event("1.5.1", "a");
    push_event("1.0.0", "b");
    const auto ended = [this] {
        const auto all = trails();
        return std::count_if(all.begin(), all.end(), [](const store::Trail& trail) {
            return trail.work.at(0).outcome.has_value();
        });
    };
    ASSERT_TRUE(comes([&] { return ended() == 4; }));
    EXPECT_THAT(
        told(),
        UnorderedElementsAre("1.5.1: a", "1.5.1: b", "1.9.0: a", "1.9.0: b", "1.5.1: a", "1.0.0: b")
    );
}

TEST_F(PollerTest, TheTroubleOfOnePolicyHoldsUpNoOther) {
    add("fine");
    add("labelled").labels = {{.key = "team", .expected = "shop"}};
    const auto digest = registry.push("1.0.0");
    registry.spoil(digest, 403);
    start();
    std::function<Result<store::Recorded>(store::Store&)> record = [this](store::Store& store) {
        return store.record(delivery_of(
            config,
            image,
            *image::Tag::parse("1.0.0"),
            std::nullopt,
            {{.target = "prod", .policy = "fine"}, {.target = "prod", .policy = "labelled"}},
            Clock::now()
        ));
    };
    pipeline->start(ask<store::Recorded>(std::move(record)).work);
    ASSERT_TRUE(comes([&] { return trails().at(0).settled(); }));
    const auto work = trails().at(0).work;
    EXPECT_EQ(work.at(0).outcome->kind, "committed");
    EXPECT_EQ(work.at(1).outcome->kind, "failed");
    EXPECT_THAT(work.at(1).outcome->reason, HasSubstr("403"));
}

}  // namespace
}  // namespace linkspan::pipeline
