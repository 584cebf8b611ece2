#include "config/config.h"

#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

policy::Policy policy_of(std::string name, std::string name_space, std::string_view image) {
    policy::Policy policy;
    policy.name = std::move(name);
    policy.name_space = std::move(name_space);
    policy.image = *image::ImageName::parse(image);
    return policy;
}

Target target_of(std::string name, std::vector<std::string> policies) {
    Target target;
    target.name = std::move(name);
    target.policies = std::move(policies);
    return target;
}

std::vector<std::string> names(const std::vector<Watch>& watches) {
    std::vector<std::string> out;
    for (const Watch& watch : watches) {
        out.push_back(watch.target->name + "/" + watch.policy->full_name());
    }
    return out;
}

class MatchTest : public ::testing::Test {
protected:
    MatchTest() {
        config.policies = {
            policy_of("app", "flux-system", "registry.example.com/acme/app"),
            policy_of("app-next", "", "registry.example.com/acme/app"),
            policy_of("nginx", "", "nginx"),
        };
        config.targets = {
            target_of("staging", {"app-next", "nginx"}),
            target_of("prod", {"flux-system:app", "nginx"}),
            target_of("canary", {"app", "app-next"}),
        };
    }
    std::vector<std::string> watchers(std::string_view image) {
        return names(match(config, *image::ImageName::parse(image)));
    }
    Config config;
};

using Names = std::vector<std::string>;

TEST_F(MatchTest, FindsEveryTargetInTheOrderOfTheFile) {
    EXPECT_EQ(
        watchers("registry.example.com/acme/app"),
        (Names{
            "staging/app-next", "prod/flux-system:app", "canary/flux-system:app", "canary/app-next"}
        )
    );
}

TEST_F(MatchTest, NamesAreComparedInTheirNormalForm) {
    EXPECT_EQ(watchers("docker.io/library/nginx"), (Names{"staging/nginx", "prod/nginx"}));
}

TEST_F(MatchTest, AnUnwatchedImageHasNoTarget) {
    EXPECT_EQ(watchers("registry.example.com/acme/other"), Names{});
    EXPECT_EQ(watchers("registry.example.com/acme/app/sidecar"), Names{});
    EXPECT_EQ(watchers("other.example.com/acme/app"), Names{});
}

TEST_F(MatchTest, PolicyIsFoundByShortAndByFullName) {
    EXPECT_EQ(config.policy("flux-system:app"), &config.policies[0]);
    EXPECT_EQ(config.policy("app"), &config.policies[0]);
    EXPECT_EQ(config.policy("other:app"), nullptr);
    EXPECT_EQ(config.policy("ap"), nullptr);
}

TEST(ConfigTest, AFullNameWinsOverAShortOne) {
    Config config;
    config.policies = {
        policy_of("app", "team", "a.example.com/x"), policy_of("app", "", "b.example.com/x")};
    EXPECT_EQ(config.policy("app"), &config.policies[1]);
}

TEST(DiagnosticTest, PrintsAsCompilersDo) {
    const Diagnostic diagnostic{"linkspan.yaml", 3, 1, "unknown key"};
    EXPECT_EQ(diagnostic.str(), "linkspan.yaml:3:1: unknown key");
}

}  // namespace
}  // namespace linkspan::config
