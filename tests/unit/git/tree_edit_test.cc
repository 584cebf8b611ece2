#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace linkspan::git {
namespace {

using testing::Files;

constexpr std::size_t kMany = 1'000'000;

class CommitTest : public GitTest {
protected:
    std::string in_mirror(const std::vector<std::string>& args) const {
        return testing::git(sandbox / "mirror", args);
    }
    bool mirror_is_sound() const {
        return testing::run_program({"git", "-C", sandbox / "mirror", "fsck", "--strict", "--full"})
                   .code == 0;
    }
};

TEST_F(CommitTest, IsWhatGitWouldHaveMade) {
    remote.person_commits(
        {{"apps/api/deploy.yaml", "tag: 1\n"}, {"apps/web.yaml", "tag: 1\n"}, {"x", "x"}}, "first"
    );
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    auto spec =
        spec_on(base, {{"apps/web.yaml", "tag: 2\n"}, {"apps/api/deploy.yaml", "tag: 3\n"}});
    spec.message = "Bump \xC3\xA4pi\n\nWhy: because\n";
    const auto id = must(mirror.commit(spec));

    EXPECT_EQ(
        in_mirror({"log", "-1", "--format=%P|%an|%ae|%aI|%cn|%ce|%cI|%B", id.hex}),
        base.hex +
            "|Linkspan|linkspan@example.com|2023-11-14T22:13:20+00:00|Bridge|bridge@example.com|"
            "2023-11-14T22:13:20+00:00|Bump \xC3\xA4pi\n\nWhy: because\n"
    );
    EXPECT_EQ(
        in_mirror({"diff", "--numstat", base.hex, id.hex}),
        "1\t1\tapps/api/deploy.yaml\n1\t1\tapps/web.yaml"
    );
    EXPECT_EQ(in_mirror({"show", id.hex + ":apps/api/deploy.yaml"}), "tag: 3");
    EXPECT_TRUE(mirror_is_sound());

    // The same through git's own index gives the same tree.
    const auto written = remote.person_commits(
        {{"apps/web.yaml", "tag: 2\n"}, {"apps/api/deploy.yaml", "tag: 3\n"}}, "same"
    );
    EXPECT_EQ(
        in_mirror({"rev-parse", id.hex + "^{tree}"}), remote.git({"rev-parse", written + "^{tree}"})
    );
    // And the same again is the same commit.
    EXPECT_EQ(must(mirror.commit(spec)), id);
}

TEST_F(CommitTest, EntriesOfEveryKindPassThrough) {
    const auto work = sandbox / "work";
    remote.person_commits({{"bin/run.sh", "#!/bin/sh\n"}, {"dir/plain", "1"}}, "first");
    testing::run_program({"git", "clone", "-q", remote.path(), work});
    testing::make_executable(work + "/bin/run.sh");
    ASSERT_EQ(::symlink("/etc/passwd", (work + "/dir/link").c_str()), 0);
    testing::write_file(work + "/dir/sp ace \xC3\xA9", "1");
    testing::write_file(work + "/dir/-rf", "1");
    testing::write_file(work + "/dir/tab\tnew\nline", "1");
    testing::write_file(work + "/dir.d/x", "1");
    testing::write_file(work + "/dir/lfs", "version https://git-lfs.github.com/spec/v1\n");
    testing::git(work, {"add", "-A"});
    testing::git(
        work,
        {"update-index", "--add", "--cacheinfo", "160000," + std::string(40, 'b') + ",dir/sub"}
    );
    testing::git(work, {"commit", "-q", "-m", "all kinds"});
    testing::git(work, {"push", "-q", "origin", "HEAD:main"});

    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto id = must(mirror.commit(spec_on(
        base,
        {
            {"bin/run.sh", "#!/bin/sh\nexit 1\n"},
            {"dir/-rf", "2"},
            {"dir/sp ace \xC3\xA9", "2"},
            {"dir/tab\tnew\nline", "2"},
        }
    )));
    EXPECT_EQ(
        in_mirror({"diff", "--raw", "--abbrev=4", "--no-renames", "-z", base.hex, id.hex}).size() >
            0,
        true
    );
    EXPECT_EQ(
        in_mirror({"diff", "--name-status", base.hex, id.hex}),
        "M\tbin/run.sh\nM\tdir/-rf\nM\t\"dir/sp ace \\303\\251\"\nM\t\"dir/tab\\tnew\\nline\""
    );
    // Modes: none changed.
    EXPECT_EQ(in_mirror({"diff", "--summary", base.hex, id.hex}), "");
    EXPECT_EQ(in_mirror({"ls-tree", id.hex, "bin/run.sh"}).substr(0, 6), "100755");
    EXPECT_TRUE(mirror_is_sound());

    for (const std::string path :
         {"dir/link",
          "dir/sub",
          "dir",
          "dir/none",
          "none/x",
          "dir/plain/x",
          "dir/link/passwd",
          "dir/sub/x",
          "",
          "/dir/plain",
          "dir/",
          "dir//plain",
          "./dir/plain"}) {
        SCOPED_TRACE(path);
        const auto error = failure_of(mirror.commit(spec_on(base, {{path, "evil"}})));
        EXPECT_EQ(error.kind, Errc::NotFound) << error.message;
    }
}

TEST_F(CommitTest, RefusesWhatACommitCanNotHold) {
    remote.person_commits({{"a", "1"}, {"b", "1"}}, "first");
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto kind = [&](const CommitSpec& spec) { return failure_of(mirror.commit(spec)).kind; };

    EXPECT_EQ(kind(spec_on(base, {})), Errc::InvalidInput);
    EXPECT_EQ(kind(spec_on(base, {{"a", "1"}})), Errc::InvalidInput);
    EXPECT_EQ(kind(spec_on(base, {{"a", "2"}, {"a", "3"}})), Errc::InvalidInput);
    EXPECT_EQ(kind(spec_on({std::string(40, 'a')}, {{"a", "2"}})), Errc::NotFound);
    EXPECT_EQ(kind(spec_on({"main"}, {{"a", "2"}})), Errc::InvalidInput);
    for (const std::string name : {"", "a <b>", "a\nparent x", " "}) {
        auto spec = spec_on(base, {{"a", "2"}});
        spec.author.name = name;
        EXPECT_EQ(kind(spec), Errc::InvalidInput) << name;
    }
    auto spec = spec_on(base, {{"a", "2"}});
    spec.committer.email = "x>\ntree y";
    EXPECT_EQ(kind(spec), Errc::InvalidInput);
    spec = spec_on(base, {{"a", "2"}});
    spec.message = std::string{"a\0b", 3};
    EXPECT_EQ(kind(spec), Errc::InvalidInput);
}

TEST_F(CommitTest, InATreeOfTenThousandFilesOnlyTheWayToTheFileIsWritten) {
    Files files;
    for (int i = 0; i < 10'000; ++i) {
        files[fmt::format("clusters/c{}/ns{}/app{}.yaml", i / 1000, i / 50 % 20, i % 50)] =
            fmt::format("tag: {}\n", i);
    }
    remote.import(files);
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    EXPECT_EQ(must(mirror.files(base, {})).size(), files.size());
    EXPECT_EQ(must(mirror.files(base, {"clusters/c3/ns7"})).size(), 50U);
    const auto loose = [&] { return in_mirror({"count-objects"}); };
    ASSERT_EQ(loose().substr(0, 2), "0 ");
    must(mirror.commit(spec_on(base, {{"clusters/c3/ns7/app9.yaml", "tag: new\n"}})));
    // One blob, four trees, one commit.
    EXPECT_EQ(loose().substr(0, 2), "6 ");
    EXPECT_TRUE(mirror_is_sound());
}

TEST_F(CommitTest, ManyFilesAreOnePackAndNoLooseObjects) {
    Files files;
    std::vector<FileChange> changes;
    for (int i = 0; i < 300; ++i) {
        const auto path = fmt::format("apps/a{}/app{}.yaml", i % 7, i);
        files[path] = fmt::format("tag: {}\n", i);
        // Some become equal.
        changes.push_back({path, fmt::format("tag: new{}\n", i / 2)});
    }
    files["other/keep.yaml"] = "tag: 1\n";
    remote.import(files);
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto packs = [&] {
        const auto counted = in_mirror({"count-objects", "-v"});
        return counted.substr(counted.find("packs: "), 8);
    };
    ASSERT_EQ(packs(), "packs: 1");
    const auto made = must(mirror.commit(spec_on(base, changes)));
    EXPECT_EQ(in_mirror({"count-objects"}).substr(0, 2), "0 ");
    EXPECT_EQ(packs(), "packs: 2");
    EXPECT_TRUE(mirror_is_sound());
    for (const auto& change : changes) {
        const auto file = must(mirror.find(made, change.path));
        ASSERT_TRUE(file.has_value());
        ASSERT_EQ(must(mirror.read(file->blob, kMany)), change.content);
    }
    EXPECT_EQ(must(mirror.changed_files(base, made, {})).size(), changes.size());
    // Made again, as after a crash before the push: the same commit, and nothing is broken.
    EXPECT_EQ(must(mirror.commit(spec_on(base, changes))).hex, made.hex);
    EXPECT_TRUE(mirror_is_sound());
    must(mirror.push({.branch = "main", .expected = base, .target = made}));
    EXPECT_EQ(remote.git({"rev-parse", "main"}).substr(0, 40), made.hex);
}

TEST_F(CommitTest, APackThatWasNotFinishedIsNone) {
    remote.import({{"a.yaml", "tag: 1\n"}});
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    // What a crash leaves: bytes without their name, and an index without its pack.
    const auto folder = std::filesystem::path{sandbox / "mirror"} / "objects" / "pack";
    std::ofstream{folder / "pack_tmp_x"} << "PACK";
    std::ofstream{folder / "pack-0123456789012345678901234567890123456789.idx"} << "no index";
    auto again = open_mirror();
    const auto made = must(again.commit(spec_on(base, {{"a.yaml", "tag: 2\n"}})));
    EXPECT_EQ(must(again.read(must(again.find(made, "a.yaml"))->blob, kMany)), "tag: 2\n");
}

}  // namespace
}  // namespace linkspan::git
