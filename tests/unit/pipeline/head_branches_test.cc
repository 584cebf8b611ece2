#include "service/pipeline/head_branches.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<config::Config> configured() {
    auto config = std::make_shared<config::Config>();
    config::Repository head;
    head.name = "head";
    head.url = "https://git.example.com/head.git";
    head.branch = "HEAD";
    head.follows_head = true;
    config::Repository main;
    main.name = "main";
    config->repositories = {head, main};
    return config;
}

TEST(HeadBranchesTest, WhatIsKnownStandsInPlaceOfHead) {
    const auto config = configured();
    const HeadBranches::Time now{};
    HeadBranches heads;
    EXPECT_EQ(heads.apply(config), config);
    EXPECT_TRUE(heads.learn(config->repositories[0], "trunk", now));
    const auto applied = heads.apply(config);
    EXPECT_EQ(applied->repositories[0].branch, "trunk");
    EXPECT_EQ(applied->repositories[1].branch, "main");
    EXPECT_EQ(config->repositories[0].branch, "HEAD");
    EXPECT_EQ(heads.apply(applied), applied);
    EXPECT_FALSE(heads.learn(applied->repositories[0], "trunk", now));
    EXPECT_TRUE(heads.learn(applied->repositories[0], "next", now));
    EXPECT_EQ(heads.apply(applied)->repositories[0].branch, "next");
}

TEST(HeadBranchesTest, IsAskedAgainInTimeWhenInDoubtAndForAnotherRemote) {
    const auto config = configured();
    auto& repository = config->repositories[0];
    const HeadBranches::Time now{};
    HeadBranches heads;
    EXPECT_FALSE(heads.is_due(config->repositories[1], now));
    EXPECT_TRUE(heads.is_due(repository, now));
    heads.learn(repository, "main", now);
    EXPECT_FALSE(heads.is_due(repository, now + 9min));
    EXPECT_TRUE(heads.is_due(repository, now + 10min));
    EXPECT_TRUE(heads.doubt("head"));
    EXPECT_FALSE(heads.doubt("main"));
    EXPECT_TRUE(heads.is_due(repository, now));
    heads.learn(repository, "main", now);
    repository.url = "https://git.example.com/other.git";
    EXPECT_TRUE(heads.is_due(repository, now));
    EXPECT_EQ(heads.apply(config), config);
}

}  // namespace
}  // namespace linkspan::pipeline
