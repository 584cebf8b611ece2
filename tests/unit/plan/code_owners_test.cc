// Examples after the platforms' own pages about code owners.
#include "core/plan/code_owners.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace linkspan::plan {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

struct Case {
    const char* name;
    OwnersForm form;
    const char* text;
    std::vector<std::string> files;
    const char* people;
    const char* not_by_name = "";
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
     OwnersForm::GitHub,
     kGithub,
     {"some/deep/file.rb"},
     "reviewer:global-owner1 reviewer:global-owner2"},
    {"the last line that fits", OwnersForm::GitHub, kGithub, {"x/a.js"}, "reviewer:js-owner"},
    {"a mail address", OwnersForm::GitHub, kGithub, {"a.go"}, "", "docs@example.com"},
    {"a team", OwnersForm::GitHub, kGithub, {"a.txt"}, "team:octo-org/octocats"},
    {"a folder in the root", OwnersForm::GitHub, kGithub, {"build/logs/x/y"}, "reviewer:logs"},
    {"not the same elsewhere", OwnersForm::GitHub, "/build/ @b\n", {"x/build/y"}, ""},
    {"right in docs", OwnersForm::GitHub, kGithub, {"docs/a.md"}, "reviewer:docs"},
    {"not deeper in docs",
     OwnersForm::GitHub,
     kGithub,
     {"docs/b/a.md"},
     "reviewer:global-owner1 reviewer:global-owner2"},
    {"a folder anywhere", OwnersForm::GitHub, kGithub, {"x/apps/y/z"}, "reviewer:octocat"},
    {"a folder without a slash",
     OwnersForm::GitHub,
     kGithub,
     {"docs/api/v1/x.md"},
     "reviewer:octocat reviewer:doctocat"},
    {"owners taken away", OwnersForm::GitHub, kGithub, {"apps/github/x"}, ""},
    {"several files, each owner once",
     OwnersForm::GitHub,
     kGithub,
     {"docs/api/x", "apps/a", "a.js"},
     "reviewer:js-owner reviewer:octocat reviewer:doctocat"},
    {"lines that GitHub does not know",
     OwnersForm::GitHub,
     "* @a\n!x @b\n[ab].c @c\n\\#x @d\n*.c broken @e\n",
     {"x", "a.c", "#x"},
     "reviewer:a"},
    {"case of owners, not of paths",
     OwnersForm::GitHub,
     "*.a @Ann\n*.b @ann\n*.C @C\n",
     {"x.a", "x.b", "x.c"},
     "reviewer:Ann"},
    {"the whole repository", OwnersForm::GitHub, "/ @a\n", {"x/y"}, "reviewer:a"},
    {"braces are themselves", OwnersForm::GitHub, "{a,b}.c @x\n", {"a.c"}, ""},
    {"carriage returns, a byte order mark",
     OwnersForm::GitHub,
     "\xEF\xBB\xBF* @a\r\n\r\n*.b @b\r\n",
     {"x.b"},
     "reviewer:b"},
    {"a blank in a path", OwnersForm::GitHub, "/my\\ apps/ @a\n", {"my apps/x"}, "reviewer:a"},

    {"outside of sections", OwnersForm::GitLab, kGitlab, {"x/y.c"}, "reviewer:general"},
    {"a section beside",
     OwnersForm::GitLab,
     kGitlab,
     {"x/docs/a/b.c"},
     "reviewer:general reviewer:docs-team"},
    {"the last of a section",
     OwnersForm::GitLab,
     kGitlab,
     {"docs/a.txt"},
     "reviewer:general reviewer:writer"},
    {"optional section",
     OwnersForm::GitLab,
     kGitlab,
     {"model/db/x"},
     "reviewer:general reviewer:database-team"},
    {"taken out of a section",
     OwnersForm::GitLab,
     kGitlab,
     {"model/db/generated/x"},
     "reviewer:general"},
    {"two sections, one name",
     OwnersForm::GitLab,
     kGitlab,
     {"handbook/a/README.md"},
     "reviewer:general team:acme/handbook",
     "@@maintainer ann@example.com"},
    {"a path with blanks",
     OwnersForm::GitLab,
     kGitlab,
     {"a/path with spaces/x"},
     "reviewer:general reviewer:spaces"},
    {"a path with #", OwnersForm::GitLab, kGitlab, {"#pound"}, "reviewer:general reviewer:pound"},
    {"a folder wants its slash", OwnersForm::GitLab, "/docs @a\n", {"docs/x"}, ""},
    {"stars do not pass slashes",
     OwnersForm::GitLab,
     "/docs/* @a\n/docs/** @b\n",
     {"docs/x/y"},
     ""},
    {"stars fit dot files", OwnersForm::GitLab, "* @a\n", {".gitlab-ci.yml"}, "reviewer:a"},
    {"a heading that is none", OwnersForm::GitLab, "[x @a\n* @b\n", {"y"}, "reviewer:b"},

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
     OwnersForm::Forgejo,
     kGitea,
     {"dir/with#hashtag"},
     "team:org1/team3 reviewer:user5 reviewer:hash"},
    {"blank",
     OwnersForm::Forgejo,
     kGitea,
     {"path with space"},
     "team:org1/team3 reviewer:user5 reviewer:space"},

    {"groups and how many of them",
     OwnersForm::Bitbucket,
     "* @ann b@example.com\n*.py @ws/backenders:least_busy(2)\n*.tf @teams/sre:random(2)\n",
     {"a.py", "b.tf"},
     "team:ws/backenders team:teams/sre"},
    {"a user and a mail address",
     OwnersForm::Bitbucket,
     "* @ann b@example.com\n",
     {"x"},
     "reviewer:ann",
     "b@example.com"},
    {"no file, no owners", OwnersForm::GitHub, "", {"x"}, ""},
    {"no files", OwnersForm::GitHub, "* @a\n", {}, ""},
};

TEST(CodeOwners, AsThePlatformsReadThem) {
    for (const Case& one : kCases) {
        SCOPED_TRACE(one.name);
        const auto owners = CodeOwners::parse(one.text, one.form).of(one.files);
        EXPECT_EQ(joined(owners.people), one.people);
        EXPECT_EQ(joined(owners.not_by_name), one.not_by_name);
    }
}

TEST(CodeOwners, WhereTheyAre) {
    EXPECT_EQ(code_owners_paths(OwnersForm::GitHub).front(), ".github/CODEOWNERS");
    EXPECT_EQ(code_owners_paths(OwnersForm::GitLab).back(), ".gitlab/CODEOWNERS");
    EXPECT_EQ(code_owners_paths(OwnersForm::Forgejo).size(), 4U);
    EXPECT_EQ(joined(code_owners_paths(OwnersForm::Bitbucket)), ".bitbucket/CODEOWNERS");
}

TEST(CodeOwners, AnyTextIsRead) {
    std::string text;
    for (int i = 0; i < 256; ++i) {
        text += static_cast<char>(i);
        text += i % 7 == 0 ? "\n" : i % 5 == 0 ? " @" : "";
    }
    for (const auto form :
         {OwnersForm::GitHub, OwnersForm::GitLab, OwnersForm::Gitea, OwnersForm::Bitbucket}) {
        for (std::size_t at = 0; at < text.size(); at += 3) {
            static_cast<void>(CodeOwners::parse(text.substr(at), form).of({"a/b", "[", "!"}));
        }
        for (const char* line :
             {"[", "[]", "[a][", "^", "!", "\\", "@", "@a", "[a]@b", "/", "//"}) {
            static_cast<void>(CodeOwners::parse(line, form).of({"a"}));
        }
    }
}

}  // namespace
}  // namespace linkspan::plan
