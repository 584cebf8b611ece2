#include "core/plan/codeowners.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::plan {
namespace {

// Examples after the platforms' own pages about code owners.
struct Case {
    const char* name;
    OwnersForm form;
    const char* text;
    std::vector<std::string> files;
    const char* people;
};

constexpr const char* kGithub = R"(# comment
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment. @nobody
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* @docs
apps/ @octocat
/docs/api @octocat @doctocat
**/logs @logs
/apps/github
)";

constexpr const char* kGitlab = R"(* @general

[Documentation] @docs-team
docs/
README.md
*.txt @writer

^[Database][2] @database-team
model/db/
config/db/setup.md @docs-team
!model/db/generated/*

[documentation]
/handbook/**/*.md @acme/handbook @@maintainer ann@example.com
path\ with\ spaces/ @spaces
\#pound @pound
)";

constexpr const char* kGitea = R"(# comment
.*\\.go @user1 @user2 # This is comment
frontend/src/.*\\.js @org1/team1 @org1/team2 @user3
!frontend/.* @org1/team3 @user5
docs/(aws|google|azure)/[^/]*\\.(md|txt) @user8
dir/with\#hashtag @hash
path\ with\ space @space
broken( @nobody
)";

const Case kCases[] = {
    {"everything",
     OwnersForm::Github,
     kGithub,
     {"some/deep/file.rb"},
     "reviewer:global-owner1 reviewer:global-owner2"},
    {"the last line that fits", OwnersForm::Github, kGithub, {"x/a.js"}, "reviewer:js-owner"},
    {"a mail address", OwnersForm::Github, kGithub, {"a.go"}, ""},
    {"a team", OwnersForm::Github, kGithub, {"a.txt"}, "team:octo-org/octocats"},
    {"a folder in the root", OwnersForm::Github, kGithub, {"build/logs/x/y"}, "reviewer:logs"},
    {"not the same elsewhere", OwnersForm::Github, "/build/ @b\n", {"x/build/y"}, ""},
    {"right in docs", OwnersForm::Github, kGithub, {"docs/a.md"}, "reviewer:docs"},
    {"not deeper in docs",
     OwnersForm::Github,
     kGithub,
     {"docs/b/a.md"},
     "reviewer:global-owner1 reviewer:global-owner2"},
    {"a folder anywhere", OwnersForm::Github, kGithub, {"x/apps/y/z"}, "reviewer:octocat"},
    {"a folder without a slash",
     OwnersForm::Github,
     kGithub,
     {"docs/api/v1/x.md"},
     "reviewer:octocat reviewer:doctocat"},
    {"owners taken away", OwnersForm::Github, kGithub, {"apps/github/x"}, ""},
    {"several files, each owner once",
     OwnersForm::Github,
     kGithub,
     {"docs/api/x", "apps/a", "a.js"},
     "reviewer:js-owner reviewer:octocat reviewer:doctocat"},
    {"lines that GitHub does not know",
     OwnersForm::Github,
     "* @a\n!x @b\n[ab].c @c\n\\#x @d\n*.c broken @e\n",
     {"x", "a.c", "#x"},
     "reviewer:a"},
    {"case of owners, not of paths",
     OwnersForm::Github,
     "*.a @Ann\n*.b @ann\n*.C @C\n",
     {"x.a", "x.b", "x.c"},
     "reviewer:Ann"},
    {"the whole repository", OwnersForm::Github, "/ @a\n", {"x/y"}, "reviewer:a"},
    {"braces are themselves", OwnersForm::Github, "{a,b}.c @x\n", {"a.c"}, ""},
    {"carriage returns, a byte order mark",
     OwnersForm::Github,
     "\xEF\xBB\xBF* @a\r\n\r\n*.b @b\r\n",
     {"x.b"},
     "reviewer:b"},
    {"a blank in a path", OwnersForm::Github, "/my\\ apps/ @a\n", {"my apps/x"}, "reviewer:a"},

    {"outside of sections", OwnersForm::Gitlab, kGitlab, {"x/y.c"}, "reviewer:general"},
    {"a section beside",
     OwnersForm::Gitlab,
     kGitlab,
     {"x/docs/a/b.c"},
     "reviewer:general reviewer:docs-team"},
    {"the last of a section",
     OwnersForm::Gitlab,
     kGitlab,
     {"docs/a.txt"},
     "reviewer:general reviewer:writer"},
    {"optional section",
     OwnersForm::Gitlab,
     kGitlab,
     {"model/db/x"},
     "reviewer:general reviewer:database-team"},
    {"taken out of a section",
     OwnersForm::Gitlab,
     kGitlab,
     {"model/db/generated/x"},
     "reviewer:general"},
    {"two sections, one name",
     OwnersForm::Gitlab,
     kGitlab,
     {"handbook/a/README.md"},
     "reviewer:general team:acme/handbook"},
    {"a path with blanks",
     OwnersForm::Gitlab,
     kGitlab,
     {"a/path with spaces/x"},
     "reviewer:general reviewer:spaces"},
    {"a path with #", OwnersForm::Gitlab, kGitlab, {"#pound"}, "reviewer:general reviewer:pound"},
    {"a folder wants its slash", OwnersForm::Gitlab, "/docs @a\n", {"docs/x"}, ""},
    {"stars do not pass slashes",
     OwnersForm::Gitlab,
     "/docs/* @a\n/docs/** @b\n",
     {"docs/x/y"},
     ""},
    {"stars fit dot files", OwnersForm::Gitlab, "* @a\n", {".gitlab-ci.yml"}, "reviewer:a"},
    {"a heading that is none", OwnersForm::Gitlab, "[x @a\n* @b\n", {"y"}, "reviewer:b"},

    {"regular expression",
     OwnersForm::Gitea,
     kGitea,
     {"cmd/main.go"},
     "reviewer:user1 reviewer:user2 team:org1/team3 reviewer:user5"},
    {"all that fit",
     OwnersForm::Gitea,
     kGitea,
     {"frontend/src/a.js"},
     "team:org1/team1 team:org1/team2 reviewer:user3"},
    {"the whole path", OwnersForm::Gitea, "a\\\\.go @a\n", {"x/a.go", "a.gox"}, ""},
    {"hash",
     OwnersForm::Gitea,
     kGitea,
     {"dir/with#hashtag"},
     "team:org1/team3 reviewer:user5 reviewer:hash"},
    {"blank",
     OwnersForm::Gitea,
     kGitea,
     {"path with space"},
     "team:org1/team3 reviewer:user5 reviewer:space"},

    {"groups and how many of them",
     OwnersForm::Github,
     "* @ann b@example.com\n*.py @ws/backenders:least_busy(2)\n*.tf @teams/sre:random(2)\n",
     {"a.py", "b.tf"},
     "team:ws/backenders team:teams/sre"},
    {"a user and a mail address",
     OwnersForm::Github,
     "* @ann b@example.com\n",
     {"x"},
     "reviewer:ann"},
    {"no file, no owners", OwnersForm::Github, "", {"x"}, ""},
    {"no files", OwnersForm::Github, "* @a\n", {}, ""},
};

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

std::string joined(const People& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

TEST(Codeowners, AsThePlatformsReadThem) {
    for (const Case& one : kCases) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(joined(owners(one.form, one.text, one.files)), one.people);
    }
}

TEST(Codeowners, AnyTextIsRead) {
    std::string text;
    for (int i = 0; i < 256; ++i) {
        text += static_cast<char>(i);
        text += i % 7 == 0 ? "\n" : i % 5 == 0 ? " @" : "";
    }
    for (const auto form : {OwnersForm::Github, OwnersForm::Gitlab, OwnersForm::Gitea}) {
        for (std::size_t at = 0; at < text.size(); at += 3) {
            static_cast<void>(owners(form, text.substr(at), {"a/b", "[", "!"}));
        }
        for (const char* line :
             {"[", "[]", "[a][", "^", "!", "\\", "@", "@a", "[a]@b", "/", "//"}) {
            static_cast<void>(owners(form, line, {"a"}));
        }
    }
}

}  // namespace
}  // namespace linkspan::plan
