#include "core/plan/branch_name.h"

#include <gtest/gtest.h>

namespace linkspan::plan {
namespace {

TEST(BranchName, OfATargetAndGroup) {
    EXPECT_EQ(*branch_name("", "prod", ""), "linkspan/prod");
    EXPECT_EQ(*branch_name("", "prod", "app"), "linkspan/prod--app");
    EXPECT_EQ(*branch_name("bot/{group}/{target}", "prod", "app"), "bot/app/prod");
    EXPECT_EQ(*branch_name("bot/{group}/{target}", "prod", ""), "bot/all/prod");
}

TEST(BranchName, IsOneThatGitTakes) {
    for (const char* group :
         {"flux-system:app",
          "clusters/prod",
          "..",
          "a..b",
          "x.lock",
          "~^:?*[\\",
          "-",
          " ",
          "\xff",
          "@{",
          "@",
          "HEAD",
          "refs/heads/main",
          "x.lock.lock",
          "....",
          "a/../b",
          "-rf",
          "JIRA-1 #close",
          "\xd9\x85\xd8\xad",
          "a b\n"}) {
        const auto name = branch_name("", "prod", group);
        ASSERT_TRUE(name.has_value()) << group;
        EXPECT_TRUE(is_branch_name(*name)) << *name;
    }
    EXPECT_NE(*branch_name("", "prod", "a:b"), *branch_name("", "prod", "a/b"));
    EXPECT_LT(branch_name("", "prod", std::string(500, 'x'))->size(), 120U);
}

TEST(BranchName, LongNamesStayApart) {
    const std::string text = "bump/" + std::string(120, 'x') + "/{target}/{group}";
    const auto one = branch_name(text, std::string(300, 'a'), std::string(300, 'b'));
    const auto other = branch_name(text, std::string(300, 'a'), std::string(300, 'c'));
    ASSERT_TRUE(one.has_value()) << one.error().message;
    EXPECT_TRUE(is_branch_name(*one)) << *one;
    EXPECT_NE(*one, *other);
    EXPECT_EQ(*one, *branch_name(text, std::string(300, 'a'), std::string(300, 'b')));
}

TEST(BranchName, WrongTemplates) {
    for (const char* text :
         {"x/{tag}", "{target", "/{target}", "a..{target}", "{target}.lock", "-x"}) {
        EXPECT_TRUE(branch_name(text, "prod", "").has_error()) << text;
    }
}

}  // namespace
}  // namespace linkspan::plan
