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
