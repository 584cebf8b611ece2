#include "service/pipeline/repository_rules.h"

#include "tests/support_git/git_repo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;
using linkspan::testing::Files;
using linkspan::testing::git;
using linkspan::testing::RemoteRepo;
using linkspan::testing::Sandbox;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string soak(int hours) { return "name: app\nsoak: " + std::to_string(hours) + "h\n"; }

class RepositoryRulesTest : public ::testing::Test {
protected:
    RepositoryRulesTest() {
        config_ = make_config();
        git::RemoteOptions remote;
        remote.url = remote_.path();
        mirror_.emplace(git::Mirror::open(sandbox_ / "mirror", std::move(remote)).value());
    }
    static std::shared_ptr<const config::Config> make_config() {
        auto config = std::make_shared<config::Config>();
        config->policies.push_back({.name = "app"});
        config::Target target;
        target.name = "prod";
        target.repository = "fleet";
        target.policies = {"app"};
        config->targets.push_back(std::move(target));
        return config;
    }
    // What the branch says after these files were written.
    RepositoryRulesPtr after(const Files& files) {
        remote_.person_commits(files, "Files");
        return read();
    }
    RepositoryRulesPtr read() {
        const auto tip = mirror_->fetch("main").value();
        auto rules = read_rules(*mirror_, tip, config_, "fleet", rules_);
        EXPECT_TRUE(rules.has_value()) << (rules ? "" : rules.error().message);
        rules_ = rules.value();
        EXPECT_EQ(rules_->fingerprint, rules_fingerprint(*mirror_, tip).value());
        return rules_;
    }
    std::chrono::milliseconds soak_of(const RepositoryRulesPtr& rules) {
        return rules->of(config_->policies[0]).soak;
    }

    Sandbox sandbox_;
    RemoteRepo remote_{sandbox_, "fleet"};
    std::optional<git::Mirror> mirror_;
    std::shared_ptr<const config::Config> config_;
    RepositoryRulesPtr rules_;
};

TEST_F(RepositoryRulesTest, AreReadOnceUntilFilesOrConfigurationChange) {
    const auto none = after({{"app.yaml", "x: 1\n"}});
    EXPECT_EQ(none->fingerprint, "");
    EXPECT_EQ(soak_of(none), 0ms);
    const auto first = after({{".linkspan/policies/a.yaml", soak(1)}});
    EXPECT_NE(first->fingerprint, "");
    EXPECT_EQ(soak_of(first), 1h);
    EXPECT_EQ(after({{"app.yaml", "x: 2\n"}}), first);
    const auto second = after({{".linkspan/policies/a.yaml", soak(2)}});
    EXPECT_NE(second->fingerprint, first->fingerprint);
    EXPECT_EQ(soak_of(second), 2h);
    config_ = make_config();
    const auto third = read();
    EXPECT_NE(third, second);
    EXPECT_EQ(third->fingerprint, second->fingerprint);
    policy::Policy stranger{.name = "web"};
    EXPECT_EQ(third->of(stranger).soak, 0ms);
}

TEST_F(RepositoryRulesTest, WhatIsTooLargeIsNotedAndTheRestCounts) {
    const std::string large = soak(9) + "#" + std::string(256 << 10, 'x');
    const auto rules =
        after({{".linkspan/policies/a.yaml", large}, {".linkspan/policies/b.yaml", soak(3)}});
    EXPECT_EQ(soak_of(rules), 3h);
    EXPECT_THAT(
        rules->notes(),
        ElementsAre(AllOf(
            HasSubstr("not followed: .linkspan/policies/a.yaml:1:1: is not read: "),
            HasSubstr("the limit is 262144")
        ))
    );
    // It is part of what was decided by.
    EXPECT_NE(after({{".linkspan/policies/a.yaml", large + "y"}})->fingerprint, rules->fingerprint);
}

TEST_F(RepositoryRulesTest, FilesTogetherHaveALimit) {
    Files files;
    const std::string much = soak(1) + "#" + std::string(250 << 10, 'x');
    for (const char* name : {"a", "b", "c", "d"}) {
        files[std::string{".linkspan/policies/"} + name + ".yaml"] = much;
    }
    files[".linkspan/policies/e.yaml"] = soak(8) + "#" + std::string(100 << 10, 'x');
    files[".linkspan/policies/f.yaml"] = soak(5);
    const auto rules = after(files);
    EXPECT_EQ(soak_of(rules), 5h);
    EXPECT_THAT(
        rules->notes(),
        ElementsAre(AllOf(HasSubstr("policies/e.yaml"), HasSubstr("all files together")))
    );
}

TEST_F(RepositoryRulesTest, FilesBeyondTheLimitAreNoted) {
    Files files;
    for (int i = 0; i < 203; ++i) {
        files[".linkspan/policies/" + std::to_string(1000 + i) + ".yaml"] = soak(1 + i);
    }
    const auto rules = after(files);
    EXPECT_EQ(soak_of(rules), 200h);
    EXPECT_THAT(
        rules->notes(),
        ElementsAre(
            HasSubstr("more than 200 files; the 3 after .linkspan/policies/1199.yaml are not read")
        )
    );
}

TEST_F(RepositoryRulesTest, LinksAreNoFiles) {
    after({{"elsewhere.yaml", soak(7)}, {".linkspan/policies/b.yaml", soak(2)}});
    const std::string clone = sandbox_ / "clone";
    git(sandbox_.path(), {"clone", "--quiet", remote_.path(), clone});
    std::filesystem::create_symlink("../../elsewhere.yaml", clone + "/.linkspan/policies/a.yaml");
    git(clone, {"add", "--all"});
    git(clone, {"commit", "--quiet", "-m", "A link"});
    git(clone, {"push", "--quiet", "origin", "HEAD:main"});
    EXPECT_EQ(soak_of(read()), 2h);
    EXPECT_TRUE(read()->notes().empty());
}

}  // namespace
}  // namespace linkspan::pipeline
