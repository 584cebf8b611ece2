#include "service/git/tree_diff.h"

#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;
using testing::Files;

class ChangedFilesTest : public GitTest {
protected:
    // As `git diff --raw -z --no-renames` writes it.
    static std::string raw(const std::vector<ChangedFile>& changes) {
        const std::string none(40, '0');
        std::string text;
        for (const auto& change : changes) {
            const char kind = !change.before ? 'A' : !change.after ? 'D' : 'M';
            const bool type_changed = change.before && change.after &&
                                      change.before->mode / 4096 != change.after->mode / 4096;
            text += fmt::format(
                ":{:06o} {:06o} {} {} {}|{}\n",
                change.before ? change.before->mode : 0,
                change.after ? change.after->mode : 0,
                change.before ? change.before->blob.hex : none,
                change.after ? change.after->blob.hex : none,
                type_changed ? 'T' : kind,
                change.after ? change.after->path : change.before->path
            );
        }
        return text;
    }
    std::string git_says(
        const std::string& from, const std::string& to, const std::vector<std::string>& prefixes
    ) const {
        std::vector<std::string> args{
            "diff", "--raw", "--no-abbrev", "--no-renames", "-z", from, to, "--"};
        args.insert(args.end(), prefixes.begin(), prefixes.end());
        std::string text;
        const auto out = remote.git(args);
        for (std::size_t at = 0; at < out.size();) {
            const auto header = out.find('\0', at);
            const auto path = out.find('\0', header + 1);
            text += out.substr(at, header - at) + "|" + out.substr(header + 1, path - header - 1) +
                    "\n";
            at = path + 1;
        }
        return text;
    }
};

TEST_F(ChangedFilesTest, AreThoseThatGitFinds) {
    const auto first = remote.person_commits(
        {{"a", "1"},
         {"apps/x", "1"},
         {"apps/y", "1"},
         {"apps.d/z", "1"},
         {"same/a", "1"},
         {"gone/deep/f", "1"},
         {"file-then-dir", "1"},
         {"dir-then-file/f", "1"},
         {"mode.sh", "1"},
         {"link", "1"},
         {"-dash \xC3\xA9", "1"}},
        "first"
    );
    const auto work = sandbox / "work";
    testing::run_program({"git", "clone", "-q", remote.path(), work});
    fs::remove_all(work + "/gone");
    fs::remove_all(work + "/dir-then-file");
    fs::remove(work + "/file-then-dir");
    fs::remove(work + "/link");
    testing::write_file(work + "/dir-then-file", "2");
    testing::write_file(work + "/file-then-dir/f", "2");
    testing::write_file(work + "/apps/y", "2");
    testing::write_file(work + "/apps/new/n", "2");
    testing::write_file(work + "/apps.d/z", "2");
    testing::write_file(work + "/-dash \xC3\xA9", "2");
    testing::make_executable(work + "/mode.sh");
    ASSERT_EQ(::symlink("a", (work + "/link").c_str()), 0);
    testing::git(work, {"add", "-A"});
    testing::git(work, {"commit", "-q", "-m", "second"});
    testing::git(work, {"push", "-q", "origin", "HEAD:main"});

    auto mirror = open_mirror();
    const auto second = must(mirror.fetch("main"));
    for (const auto& prefixes : std::vector<std::vector<std::string>>{
             {}, {"apps"}, {"apps/new", "gone"}, {"file-then-dir"}, {"none"}, {"same"}, {"a"}}) {
        SCOPED_TRACE(fmt::format("{}", fmt::join(prefixes, ",")));
        EXPECT_EQ(
            raw(must(mirror.changed_files({first}, second, prefixes))),
            git_says(first, second.hex, prefixes)
        );
        EXPECT_EQ(
            raw(must(mirror.changed_files(second, {first}, prefixes))),
            git_says(second.hex, first, prefixes)
        );
    }
    EXPECT_TRUE(must(mirror.changed_files(second, second, {})).empty());
}

TEST_F(ChangedFilesTest, FromNothingEverythingIsNew) {
    remote.import({{"a", "1"}, {"b/c", "1"}});
    auto mirror = open_mirror();
    const auto tip = must(mirror.fetch("main"));
    const auto changes = must(mirror.changed_files({}, tip, {}));
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_FALSE(changes[0].before);
    EXPECT_EQ(changes[1].after->path, "b/c");
}

TEST_F(ChangedFilesTest, UnknownCommitsAreNotFound) {
    remote.import({{"a", "1"}});
    auto mirror = open_mirror();
    const auto tip = must(mirror.fetch("main"));
    EXPECT_EQ(
        failure_of(mirror.changed_files({std::string(40, 'a')}, tip, {})).kind, Errc::NotFound
    );
    EXPECT_EQ(
        failure_of(mirror.changed_files(tip, {std::string(40, 'a')}, {})).kind, Errc::NotFound
    );
}

}  // namespace
}  // namespace linkspan::git
