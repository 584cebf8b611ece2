#include "service/pipeline/proposals.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::pipeline {
namespace {

const store::TimePoint kNow{std::chrono::seconds{1'790'000'000}};
constexpr const char* kImage = "registry.example.com/acme/app";

policy::Policy policy_of(const std::string& name) {
    policy::Policy policy;
    policy.name = name;
    policy.image = *image::ImageName::parse(kImage);
    policy.select = policy::Semver{};
    return policy;
}

config::Config config_with(const std::string& name) {
    config::Config config;
    config.policies.push_back(policy_of(name));
    config::Target target;
    target.name = "prod";
    target.repository = "fleet";
    target.policies = {name};
    config.targets.push_back(std::move(target));
    return config;
}

store::PullRequestImage image_of(const std::string& tag) {
    return {
        .image = kImage,
        .policy = "app",
        .tag = tag,
        .why = "the greatest",
        .delivery = "first",
        .actor = "ann"};
}

store::PullRequest row_of(const std::string& state, const std::string& tag) {
    return {
        .repository = "fleet",
        .target = "prod",
        .branch = "linkspan/prod",
        .base = "main",
        .state = state,
        .number = 7,
        .images = {image_of(tag)},
        .updated_at = kNow};
}

WaitingWork work_of(const std::string& tag) {
    WaitingWork work;
    work.bid.target = "prod";
    work.bid.policy = policy_of("app");
    work.bid.selection.selected = tag;
    work.bid.selection.why = "chosen among more";
    work.bid.cause.delivery = "second";
    work.bid.cause.event.image = work.bid.policy.image;
    work.bid.cause.event.tag = *image::Tag::parse(tag);
    return work;
}

TEST(Proposals, WhatIsProposedAlreadyIsProposedAgain) {
    const auto config = config_with("app");
    const auto candidates = candidates_of(config, config.targets[0], {}, {row_of("open", "1.1.0")});
    ASSERT_EQ(candidates.size(), 1U);
    EXPECT_EQ(candidates[0].bid.selection.selected, "1.1.0");
    EXPECT_EQ(candidates[0].bid.cause.delivery, "first");
    EXPECT_EQ(candidates[0].bid.cause.event.actor, "ann");
    // What has ended counts when somebody spoke of it, and what nobody follows any more never.
    EXPECT_TRUE(candidates_of(config, config.targets[0], {}, {row_of("merged", "1.1.0")}).empty());
    auto spoken = row_of("ignored", "1.1.0");
    spoken.nudged_at = kNow;
    EXPECT_EQ(candidates_of(config, config.targets[0], {}, {spoken}).size(), 1U);
    const auto other = config_with("web");
    EXPECT_TRUE(candidates_of(other, other.targets[0], {}, {row_of("open", "1.1.0")}).empty());
}

TEST(Proposals, ARepeatedEventChangesNotWhoIsNamed) {
    const auto config = config_with("app");
    auto candidates = candidates_of(
        config, config.targets[0], {work_of("1.1.0"), work_of("1.2.0")}, {row_of("open", "1.1.0")}
    );
    drop_superseded(candidates);
    ASSERT_EQ(candidates.size(), 2U);
    EXPECT_EQ(candidates[0].bid.cause.delivery, "first");
    EXPECT_EQ(candidates[0].fact.why, "the greatest");
    EXPECT_EQ(candidates[1].bid.cause.delivery, "second");
}

TEST(Proposals, AHoldAnswersWorkAndLeavesWhatIsProposed) {
    const auto config = config_with("app");
    auto candidates =
        candidates_of(config, config.targets[0], {work_of("1.2.0")}, {row_of("open", "1.1.0")});
    const store::Hold hold{
        .target = "prod",
        .policy = "app",
        .tag = "1.2.0",
        .who = "ann",
        .why = "broken",
        .since = kNow};
    EXPECT_TRUE(apply_holds(candidates, {hold}).empty());
    const auto held = take_held(candidates);
    ASSERT_EQ(held.size(), 1U);
    EXPECT_EQ(held[0].work, 0U);
    drop_superseded(candidates);
    ASSERT_EQ(candidates.size(), 1U);
    EXPECT_EQ(candidates[0].fact.tag, "1.1.0");
}

TEST(Proposals, WhatPeopleClosedIsForTheProposerToJudge) {
    const auto config = config_with("app");
    auto candidates = candidates_of(config, config.targets[0], {work_of("1.2.0")}, {});
    store::Hold hold{
        .target = "prod",
        .policy = "app",
        .tag = "1.2.0",
        .who = "ann",
        .why = "no",
        .since = kNow};
    hold.pull_request = 7;
    const auto ignored = apply_holds(candidates, {hold});
    ASSERT_EQ(ignored.size(), 1U);
    EXPECT_EQ(ignored[0].tag, "1.2.0");
    EXPECT_TRUE(candidates[0].bid.holds.empty());
}

TEST(Proposals, WhatAGateStopsTakesNothingsPlace) {
    const auto config = config_with("app");
    auto waiting = work_of("1.2.0");
    waiting.bid.gate = policy::Waiting{.until = kNow, .why = "soak"};
    auto candidates =
        candidates_of(config, config.targets[0], {waiting}, {row_of("open", "1.1.0")});
    drop_superseded(candidates);
    EXPECT_EQ(candidates.size(), 2U);
}

plan::EditPlan plan_of(const std::string& tag) {
    plan::EditPlan plan;
    plan::Change change;
    change.target = "prod";
    change.policy = "app";
    change.path = "app.yaml";
    change.where = "image";
    change.image = *image::ImageName::parse(kImage);
    change.old_tag = "1.0.0";
    change.new_tag = tag;
    plan.changes.push_back(std::move(change));
    return plan;
}

TEST(Proposals, NewerTagsThatWereRefusedAreTold) {
    const auto config = config_with("app");
    auto chosen = work_of("1.1.0");
    chosen.bid.selection.rejected = {
        {"0.9.0-rc.1", "a pre-release"}, {"2.0.0-rc.1", "a pre-release"}, {"latest", "no version"}};
    auto unsigned_one = work_of("1.2.0");
    unsigned_one.bid.gate = policy::Refused{"nobody signed it"};
    auto older = work_of("1.0.9");
    older.bid.gate = policy::Refused{"nobody signed it"};
    const auto candidates =
        candidates_of(config, config.targets[0], {chosen, unsigned_one, older}, {});
    std::vector<plan::BidAnswer> answers(3);
    answers[1].decision.verdict = policy::Refused{"nobody signed it"};
    answers[2].decision.verdict = policy::Refused{"nobody signed it"};
    const auto told = refused_tags_of(plan_of("1.1.0"), candidates, answers);
    const std::vector<plan::RefusedTag> wanted{
        {kImage, "app", "2.0.0-rc.1", "a pre-release", false},
        {kImage, "app", "1.2.0", "nobody signed it", true}};
    EXPECT_EQ(told, wanted);
    EXPECT_TRUE(is_newer(wanted[1], plan_of("1.1.0"), candidates));
    EXPECT_FALSE(is_newer(wanted[1], plan_of("1.2.0"), candidates));
    EXPECT_FALSE(is_newer(wanted[1], plan_of("1.3.0"), candidates));
}

TEST(Proposals, SaysWhyAPullRequestIsNotWantedAnyMore) {
    const auto row = row_of("open", "1.1.0");
    const auto config = config_with("app");
    const auto candidates = candidates_of(config, config.targets[0], {}, {row});
    std::vector<plan::BidAnswer> answers(1);
    answers[0].decision.verdict = policy::AlreadyCurrent{};
    EXPECT_EQ(why_gone(row, candidates, answers).kind, "already_current");
    answers[0].decision.verdict = policy::Held{.by = "ann", .until = std::nullopt, .why = "freeze"};
    EXPECT_EQ(why_gone(row, candidates, answers).kind, "held");
    EXPECT_NE(why_gone(row, candidates, answers).reason.find("freeze"), std::string::npos);
    answers[0].decision.verdict = policy::Refused{"goes backwards"};
    EXPECT_EQ(why_gone(row, candidates, answers).kind, "refused");
    EXPECT_EQ(why_gone(row, {}, {}).kind, "refused");
}

TEST(Proposals, GroupsAreWhatIsPlannedAndWhatIsLive) {
    plan::GroupPlan part{.name = "apps", .plan = {}};
    part.plan.files.push_back({.path = "apps/a.yaml", .edits = {}, .before = "a", .after = "b"});
    auto live = row_of("open", "1.1.0");
    live.group = "infra";
    auto over = row_of("merged", "1.1.0");
    over.group = "old";
    const auto groups = groups_of({part}, {live, over});
    ASSERT_EQ(groups.size(), 2U);
    EXPECT_FALSE(groups.at("apps").row.has_value());
    EXPECT_TRUE(groups.at("infra").plan.empty());
}

TEST(Proposals, AGroupRestsUntilThereIsSomethingForIt) {
    const auto config = config_with("app");
    const auto rests = [&](const std::function<void(GroupLook&, std::vector<WaitingWork>&)>& change
                       ) {
        GroupLook look{.row = row_of("open", "1.1.0"), .plan = plan_of("1.1.0")};
        look.plan.base = "base";
        look.plan.files.push_back({.path = "app.yaml", .edits = {}, .before = "a", .after = "b"});
        look.row->look_at = kNow + std::chrono::minutes{5};
        const auto print = look_print(look.plan);
        std::vector<WaitingWork> works;
        change(look, works);
        return may_rest(look, candidates_of(config, config.targets[0], works, {}), print, kNow);
    };
    EXPECT_TRUE(rests([](auto&, auto&) {}));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.row->nudged_at = kNow; }));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.row->look_at = kNow; }));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.row->look_at.reset(); }));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.row->state = "waiting"; }));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.plan.base = "another"; }));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.plan.changes[0].new_tag = "1.2.0"; }));
    EXPECT_FALSE(rests([](auto& look, auto&) { look.plan = {}; }));
    EXPECT_FALSE(rests([](auto&, auto& works) { works.push_back(work_of("1.2.0")); }));
    EXPECT_FALSE(may_rest({.row = row_of("open", "1.1.0"), .plan = {}}, {}, std::nullopt, kNow));
}

TEST(Proposals, StatusesAreOfSoakAndSignature) {
    plan::EditPlan plan;
    plan::Change change;
    change.policy = "app";
    change.image = *image::ImageName::parse(kImage);
    change.new_tag = "1.1.0";
    plan.changes.push_back(change);
    auto fact = image_of("1.1.0");
    EXPECT_TRUE(statuses_of(plan, {fact}, kNow).empty());
    fact.soaks_until = kNow + std::chrono::hours{1};
    fact.signed_by = "signed by key";
    auto statuses = statuses_of(plan, {fact}, kNow);
    ASSERT_EQ(statuses.size(), 2U);
    EXPECT_EQ(statuses[0].state, "pending");
    EXPECT_EQ(statuses[1].state, "success");
    statuses = statuses_of(plan, {fact}, kNow + std::chrono::hours{2});
    EXPECT_EQ(statuses[0].state, "success");
}

TEST(Proposals, WhatIsKeptReadsBack) {
    const RebuildWish wish{.id = "label:1", .user = "ann", .label = "linkspan:rebuild"};
    const auto read = read_wish(write_wish(wish));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->user, "ann");
    EXPECT_EQ(read->label, "linkspan:rebuild");
    const std::map<std::string, plan::ImageOrigin> origins{
        {"a:1", {.revision = "abc", .source = "https://example.com/a", .created = ""}}};
    EXPECT_EQ(read_origins(write_origins(origins)).at("a:1").revision, "abc");
    for (const char* broken : {"", "[]", "{\"a\":1}", "{\"id\":1}", "nonsense"}) {
        EXPECT_TRUE(read_origins(broken).empty()) << broken;
        read_wish(broken);
    }
}

}  // namespace
}  // namespace linkspan::pipeline
