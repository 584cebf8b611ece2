#include "core/plan/codeowners.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::plan {
namespace {

using People = std::vector<std::string>;

People owners(OwnersForm form, const std::string& text, std::vector<std::string> paths) {
    return owners_of(form, text, paths);
}

TEST(Codeowners, TheLastPatternThatMatchesCounts) {
    const std::string text =
        "# people\n"
        "*            @ann\n"
        "*.yaml       @bob @acme/platform\n"
        "/apps/       @carl\n"
        "docs/*       @dora\n"
        "/apps/prod\\ eu/ @eve # with a blank\n"
        "/vendor/\n"
        "mail.yaml    someone@example.com\n";
    const struct {
        std::string path;
        People people;
    } cases[] = {
        {"README", {"reviewer:ann"}},
        {"a/b/x.yaml", {"reviewer:bob", "team:acme/platform"}},
        {"apps/web/x.yaml", {"reviewer:carl"}},
        {"other/apps/x", {"reviewer:ann"}},
        {"docs/a", {"reviewer:dora"}},
        {"docs/deep/a", {"reviewer:ann"}},
        {"apps/prod eu/x.yaml", {"reviewer:eve"}},
        {"vendor/x.yaml", {}},  // a line without owners takes them away
        {"mail.yaml", {}},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(owners(OwnersForm::Github, text, {one.path}), one.people) << one.path;
    }
    EXPECT_EQ(
        owners(OwnersForm::Github, text, {"README", "apps/x", "LICENSE"}),
        (People{"reviewer:ann", "reviewer:carl"})
    );
}

TEST(Codeowners, GitlabsSectionsCountTogether) {
    const std::string text =
        "* @ann\n"
        "[Platform][2] @acme/ops\n"
        "*.yaml\n"
        "apps/ @carl\n"
        "^[Docs]\n"
        "*.md @dora\n"
        "[platform]\n"
        "infra/ @@maintainer @fred\n";
    EXPECT_EQ(
        owners(OwnersForm::Gitlab, text, {"x.yaml"}), (People{"reviewer:ann", "team:acme/ops"})
    );
    EXPECT_EQ(
        owners(OwnersForm::Gitlab, text, {"apps/x.yaml"}), (People{"reviewer:ann", "reviewer:carl"})
    );
    EXPECT_EQ(
        owners(OwnersForm::Gitlab, text, {"infra/x"}), (People{"reviewer:ann", "reviewer:fred"})
    );
    EXPECT_EQ(
        owners(OwnersForm::Gitlab, text, {"a.md"}), (People{"reviewer:ann", "reviewer:dora"})
    );
}

TEST(Codeowners, GiteasAreRegularExpressions) {
    const std::string text =
        ".*\\.yaml @ann\n"
        "apps/.* @acme/web\n"
        "!docs/.* @bob\n"
        "( @nobody\n";
    EXPECT_EQ(
        owners(OwnersForm::Gitea, text, {"apps/x.yaml"}),
        (People{"reviewer:ann", "team:acme/web", "reviewer:bob"})
    );
    EXPECT_EQ(owners(OwnersForm::Gitea, text, {"docs/x"}), People{});
}

TEST(Codeowners, NothingThereNamesNobody) {
    for (const auto form : {OwnersForm::Github, OwnersForm::Gitlab, OwnersForm::Gitea}) {
        EXPECT_EQ(owners(form, "", {"a"}), People{});
        EXPECT_EQ(owners(form, "\n[\n#\n@\n", {"a"}), People{});
        EXPECT_FALSE(owners_files(form).empty());
    }
}

}  // namespace
}  // namespace linkspan::plan
