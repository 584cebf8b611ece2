#include "core/plan/grouping.h"

#include "core/manifest/scan.h"
#include "core/plan/turn.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace linkspan::plan {
namespace {

std::string container(const std::string& image) {
    return "  - name: a\n    image: registry.example.com/" + image + "\n";
}
std::string pod(const std::string& containers) {
    return "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n" + containers;
}

Bid bid_of(const std::string& name, const std::string& target = "prod") {
    Bid bid;
    bid.target = target;
    bid.policy.name = name;
    bid.policy.image = *image::ImageName::parse("registry.example.com/" + name);
    bid.policy.select = policy::Semver{};
    policy::KnownTag known;
    known.tag = "2.0.0";
    bid.selection = *policy::select(bid.policy, std::vector{known});
    bid.cause.delivery = "delivery-" + name;
    bid.cause.event.image = bid.policy.image;
    bid.cause.event.tag = *image::Tag::parse("2.0.0");
    return bid;
}

EditPlan plan_of(const std::map<std::string, std::string>& files, const std::vector<Bid>& bids) {
    Snapshot snapshot;
    snapshot.base = "base";
    for (const auto& [path, bytes] : files) {
        snapshot.files.push_back(
            {.path = path,
             .scan = std::make_shared<const manifest::Scan>(manifest::scan(path, bytes))}
        );
    }
    snapshot.read = [&](const std::string& path) -> Result<std::string> { return files.at(path); };
    return plan_turn(snapshot, bids)->plan;
}

const std::map<std::string, std::string> kFiles{
    {"apps/one.yaml", pod(container("a:1.0.0") + container("b:1.0.0"))},
    {"apps/two.yaml", pod(container("a:1.0.0"))},
    {"infra/three.yaml", pod(container("b:1.0.0"))},
};

TEST(Grouping, AllTogetherIsThePlanItself) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a"), bid_of("b")});
    const auto parts = split(plan, Grouping::All);
    ASSERT_TRUE(parts.has_value());
    ASSERT_EQ(parts->size(), 1U);
    EXPECT_EQ(parts->front().files.size(), 3U);
    EXPECT_EQ(parts->front().changes.size(), 4U);
}

TEST(Grouping, PoliciesThatShareAFileStandOnEachOther) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a"), bid_of("b")});
    const auto parts = split(plan, Grouping::Policy);
    ASSERT_TRUE(parts.has_value());
    ASSERT_EQ(parts->size(), 2U);
    const EditPlan& a = parts->at(0);
    const EditPlan& b = parts->at(1);
    ASSERT_EQ(a.files.size(), 2U);
    EXPECT_EQ(a.files[0].after, pod(container("a:2.0.0") + container("b:1.0.0")));
    EXPECT_EQ(a.files[1].after, pod(container("a:2.0.0")));
    ASSERT_EQ(a.causes.size(), 1U);
    EXPECT_EQ(a.causes[0].delivery, "delivery-a");
    ASSERT_EQ(b.files.size(), 2U);
    EXPECT_EQ(b.files[0].before, a.files[0].after);
    EXPECT_EQ(b.files[0].after, pod(container("a:2.0.0") + container("b:2.0.0")));
    EXPECT_EQ(b.changes.size(), 2U);
    EXPECT_EQ(b.causes[0].delivery, "delivery-b");
}

TEST(Grouping, DirectoriesAreCommitsOfTheirOwn) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a"), bid_of("b")});
    const auto parts = split(plan, Grouping::Directory);
    ASSERT_TRUE(parts.has_value());
    ASSERT_EQ(parts->size(), 2U);
    EXPECT_EQ(parts->at(0).files.size(), 2U);
    EXPECT_EQ(parts->at(0).changes.size(), 3U);
    ASSERT_EQ(parts->at(1).files.size(), 1U);
    EXPECT_EQ(parts->at(1).files[0].path, "infra/three.yaml");
    ASSERT_EQ(parts->at(1).causes.size(), 1U);
}

TEST(Grouping, TheLastCommitIsTheWholePlan) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a"), bid_of("b")});
    for (const auto grouping : {Grouping::All, Grouping::Directory, Grouping::Policy}) {
        const auto parts = split(plan, grouping);
        ASSERT_TRUE(parts.has_value());
        std::map<std::string, std::string> files;
        for (const auto& part : *parts) {
            for (const auto& file : part.files) files[file.path] = file.after;
        }
        for (const auto& file : plan.files) EXPECT_EQ(files[file.path], file.after) << file.path;
    }
}

// Two targets that watch the same places with the same policy: one edit, told of once.
TEST(Grouping, WhatIsDoneAlreadyMakesNoEmptyCommit) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a", "east"), bid_of("a", "west")});
    const auto parts = split(plan, Grouping::Policy);
    ASSERT_TRUE(parts.has_value());
    ASSERT_EQ(parts->size(), 1U);
    EXPECT_EQ(parts->front().changes.size(), 4U);
    EXPECT_EQ(parts->front().causes.size(), 2U);
}

TEST(Grouping, ProposalsStandBesideEachOther) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a"), bid_of("b")});
    const auto parts = split_apart(plan, Grouping::Policy);
    ASSERT_TRUE(parts.has_value());
    ASSERT_EQ(parts->size(), 2U);
    EXPECT_EQ(parts->at(0).name, "a");
    EXPECT_EQ(parts->at(1).name, "b");
    ASSERT_EQ(parts->at(1).plan.files.size(), 2U);
    EXPECT_EQ(parts->at(1).plan.files[0].before, kFiles.at("apps/one.yaml"));
    EXPECT_EQ(parts->at(1).plan.files[0].after, pod(container("a:1.0.0") + container("b:2.0.0")));
    ASSERT_EQ(parts->at(1).plan.causes.size(), 1U);
    EXPECT_EQ(parts->at(1).plan.causes[0].delivery, "delivery-b");
}

TEST(Grouping, ProposalsAreNamedByWhatTheyAreAbout) {
    const EditPlan plan = plan_of(kFiles, {bid_of("a"), bid_of("b")});
    const auto directories = split_apart(plan, Grouping::Directory);
    ASSERT_TRUE(directories.has_value());
    ASSERT_EQ(directories->size(), 2U);
    EXPECT_EQ(directories->at(0).name, "apps");
    EXPECT_EQ(directories->at(1).name, "infra");
    const auto all = split_apart(plan, Grouping::All);
    ASSERT_TRUE(all.has_value());
    ASSERT_EQ(all->size(), 1U);
    EXPECT_EQ(all->front().name, "");
    EXPECT_EQ(all->front().plan.files.size(), 3U);
    const auto root = split_apart(
        plan_of({{"pod.yaml", pod(container("a:1.0.0"))}}, {bid_of("a")}), Grouping::Directory
    );
    ASSERT_TRUE(root.has_value());
    ASSERT_EQ(root->size(), 1U);
    EXPECT_EQ(root->front().name, ".");
}

TEST(Grouping, NothingToProposeIsNoProposal) {
    const auto none = split_apart(EditPlan{}, Grouping::All);
    ASSERT_TRUE(none.has_value());
    EXPECT_TRUE(none->empty());
}

}  // namespace
}  // namespace linkspan::plan
