#include "core/plan/commit_style.h"

#include <gtest/gtest.h>

#include <vector>

namespace linkspan::plan {
namespace {

TEST(CommitStyle, IsWhatMostPeopleWrite) {
    struct Case {
        const char* name;
        std::vector<std::string> subjects;
        CommitStyle expected;
    };
    const std::vector<Case> cases{
        {"nothing", {}, CommitStyle::Plain},
        {"conventional", {"feat: a", "fix(web): b", "chore!: c"}, CommitStyle::Conventional},
        {"too few", {"feat: a", "fix: b"}, CommitStyle::Plain},
        {"mostly plain",
         {"feat: a", "Add b", "Fix c", "fix: d", "fix: e", "Drop f"},
         CommitStyle::Plain},
        {"ours and merges say nothing",
         {"Update web to 1.0 in prod",
          "Update 3 images in prod",
          "Merge branch x",
          "chore(images): update web to 1 in prod",
          "feat: a",
          "fix: b",
          "docs: c"},
         CommitStyle::Conventional},
        {"squashed",
         {"feat(web): add a port (#12)",
          "fix: the probe (#11)",
          "chore(deps): update ingress to v4 (#10)",
          "Merge pull request #9 from acme/x"},
         CommitStyle::Conventional},
        {"squashed on Azure",
         {"Merged PR 14: feat: a", "Merged PR 13: fix(b): c", "Merged PR 12: docs: d"},
         CommitStyle::Conventional},
        {"squashed on Azure, plainly",
         {"Merged PR 14: Add a", "Merged PR 13: Fix b", "Merged PR 12: docs: d"},
         CommitStyle::Plain},
        {"merges of GitLab and Bitbucket",
         {"Merge branch 'x' into 'main'",
          "Merged in x (pull request #12)",
          "feat: a",
          "fix: b",
          "ci: c"},
         CommitStyle::Conventional},
        {"bots beside people",
         {"Update from image update automation",
          "Bump golang from 1.20 to 1.21",
          "Update dependency foo to v2",
          "Update values.yaml",
          "Roll back web to 1.0 in prod",
          "feat: a",
          "fix: b",
          "docs: c"},
         CommitStyle::Conventional},
        {"bots that look conventional",
         {"build: automatic update of web",
          "build: automatic update of api",
          "build: automatic update of db",
          "Add a port"},
         CommitStyle::Plain},
        {"gitmoji",
         {":sparkles: add a", "✨ feat: b", ":bug: fix c", "🔥 drop d"},
         CommitStyle::Plain},
        {"parts of the system",
         {"web: a", "infra/api: b", "prod: c", "apps: d"},
         CommitStyle::Plain},
        {"tickets", {"OPS-1: a", "OPS-2 b", "[OPS-3] c"}, CommitStyle::Plain},
        {"mixed, one more",
         {"feat: a", "Add b", "fix: c", "Drop d", "ci: e"},
         CommitStyle::Conventional},
        {"no types", {"Web: a", "a: ", "x(): b", "Revert \"feat: a\""}, CommitStyle::Plain},
    };
    for (const auto& c : cases) EXPECT_EQ(style_of(c.subjects), c.expected) << c.name;
}

TEST(CommitStyle, Subject) {
    EXPECT_EQ(subject_in(CommitStyle::Plain, "Update a"), "Update a");
    EXPECT_EQ(subject_in(CommitStyle::Conventional, "Update a"), "chore(images): update a");
}

}  // namespace
}  // namespace linkspan::plan
