#include "service/git/thin_pack.h"

#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <random>
#include <string>
#include <variant>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

// An independent reading of the delta format.
std::string apply_delta(std::string_view base, std::string_view delta) {
    std::size_t at = 0;
    const auto byte = [&] { return static_cast<unsigned char>(delta.at(at++)); };
    const auto varint = [&] {
        std::size_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto b = byte();
            value |= static_cast<std::size_t>(b & 0x7f) << shift;
            if ((b & 0x80) == 0) return value;
        }
    };
    EXPECT_EQ(varint(), base.size());
    const auto size = varint();
    std::string result;
    while (at < delta.size()) {
        const auto op = byte();
        EXPECT_NE(op, 0);
        if ((op & 0x80) == 0) {
            result += delta.substr(at, op);
            at += op;
            continue;
        }
        std::size_t offset = 0;
        std::size_t length = 0;
        for (unsigned i = 0; i < 4; ++i) {
            if (op & (1U << i)) offset |= static_cast<std::size_t>(byte()) << (8 * i);
        }
        for (unsigned i = 0; i < 3; ++i) {
            if (op & (0x10U << i)) length |= static_cast<std::size_t>(byte()) << (8 * i);
        }
        if (length == 0) length = 0x10000;
        EXPECT_LE(offset + length, base.size());
        result += base.substr(offset, length);
    }
    EXPECT_EQ(result.size(), size);
    return result;
}

TEST(DeltaTest, MakesTheNewBytesOfTheOld) {
    const std::string big(0x10000, 'a');
    const std::string huge(0x1000000 + 17, 'b');
    const struct {
        std::string name, before, after;
    } cases[] = {
        {"both empty", "", ""},
        {"from nothing", "", "hello"},
        {"to nothing", "hello", ""},
        {"same", "hello, this is the same", "hello, this is the same"},
        {"one byte", "image: registry.example.com/app:1\n", "image: registry.example.com/app:2\n"},
        {"grown",
         "image: registry.example.com/app:9 # here\nmore lines follow\n",
         "image: registry.example.com/app:10 # here\nmore lines follow\n"},
        {"overlap",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
        {"copy of 65536", big + "x", big + "yy"},
        {"copy of 65536 in place", big + "x", big + "y"},
        {"copy beyond 16 MiB", huge + "x", huge + "yy"},
        {"long insert", "", std::string(1000, 'z')},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(apply_delta(c.before, make_delta(c.before, c.after)), c.after);
    }
}

TEST(DeltaTest, RandomEditsComeBack) {
    std::mt19937 random{7};
    for (int round = 0; round < 500; ++round) {
        std::string before(random() % 3000, ' ');
        for (auto& c : before) c = static_cast<char>('a' + random() % 3);
        std::string after = before;
        for (auto edits = random() % 5; edits > 0 && !after.empty(); --edits) {
            const auto at = random() % after.size();
            switch (random() % 3) {
                case 0:
                    after[at] = 'X';
                    break;
                case 1:
                    after.insert(at, std::string(random() % 40, 'Y'));
                    break;
                default:
                    after.erase(at, random() % 40);
                    break;
            }
        }
        ASSERT_EQ(apply_delta(before, make_delta(before, after)), after) << round;
    }
}

TEST(DeltaTest, ATreeWithOneNewIdIsSmall) {
    std::string tree;
    for (int i = 0; i < 1000; ++i)
        tree += fmt::format("100644 app{:04}.yaml", i) + std::string(1, '\0') +
                std::string(20, static_cast<char>(i));
    auto changed = tree;
    changed.replace(5000, 20, 20, '\x77');
    changed.replace(30'000, 20, 20, '\x66');
    EXPECT_LT(make_delta(tree, changed).size(), 80U);
}

// Pushes whatever history a person made, to a server that lacks it.
class ThinPackTest : public GitTest {
protected:
    std::string work;

    void SetUp() override {
        testing::Files files{
            {"a", "1"}, {"dir/b", "1"}, {"dir/sub/c", "1"}, {"mode.sh", "#!/bin/sh\n"}};
        for (int i = 0; i < 100; ++i)
            files[fmt::format("many/{}", i)] = fmt::format("content of file {}\nwith lines\n", i);
        remote.person_commits(files, "first");
        work = sandbox / "work";
        testing::run_program({"git", "clone", "-q", remote.path(), work});
    }
    void person(const std::string& message) const {
        testing::git(work, {"add", "-A"});
        testing::git(work, {"commit", "-q", "--allow-empty", "-m", message});
    }
    // The size of the pack that went out.
    void push_everything() {
        testing::git(work, {"push", "-q", "origin", "HEAD:refs/heads/elsewhere"});
        // A server that has only the beginning.
        testing::RemoteRepo server{sandbox, "server"};
        testing::git(remote.path(), {"push", "-q", server.path(), "main:main"});
        auto mirror = must(Mirror::open(sandbox / "mirror", remote_at(remote.path())));
        const auto base = must(mirror.fetch("main"));
        const auto tip = must(mirror.fetch("elsewhere"));
        auto sender = must(Mirror::open(sandbox / "mirror", remote_at(server.path())));
        const auto answer = must(sender.push({"main", base, tip}));
        ASSERT_TRUE(std::holds_alternative<Pushed>(answer));
        EXPECT_EQ(server.tip(), tip.hex);
        EXPECT_TRUE(server.is_sound());
        EXPECT_EQ(
            server.git({"rev-parse", "main^{tree}"}),
            testing::git(work, {"rev-parse", "HEAD^{tree}"})
        );
    }
};

TEST_F(ThinPackTest, NewFilesFoldersModesLinksAndRemovals) {
    testing::write_file(work + "/new/deep/file", "n");
    testing::write_file(work + "/dir/sub/c", "2");
    fs::remove(work + "/a");
    fs::create_symlink("dir/b", work + "/link");
    testing::make_executable(work + "/mode.sh");
    person("all kinds");
    testing::git(
        work,
        {"update-index", "--add", "--cacheinfo", "160000," + std::string(40, 'b') + ",dir/module"}
    );
    testing::git(work, {"commit", "-q", "-m", "submodule"});
    fs::remove_all(work + "/dir/sub");
    testing::write_file(work + "/dir/sub", "now a file");
    testing::git(work, {"add", "-A", "dir/sub"});
    testing::git(work, {"commit", "-q", "-m", "folder to file"});
    push_everything();
}

TEST_F(ThinPackTest, TakingBackAndSwappingMakesNoCircle) {
    for (int i = 0; i < 3; ++i) {
        testing::write_file(
            work + "/many/1",
            fmt::format("content of file {}\nwith lines\n", i % 2 == 0 ? "X" : "1")
        );
        person("there and back");
    }
    testing::write_file(work + "/many/1", "content of file 2\nwith lines\n");
    testing::write_file(work + "/many/2", "content of file 1\nwith lines\n");
    person("swapped");
    testing::git(work, {"revert", "--no-edit", "HEAD"});
    push_everything();
}

TEST_F(ThinPackTest, EmptyCommitsAndMergesGoOutToo) {
    person("empty");
    testing::git(work, {"checkout", "-q", "-b", "side", "HEAD^"});
    testing::write_file(work + "/dir/b", "side");
    person("side");
    testing::git(work, {"checkout", "-q", "main"});
    testing::git(work, {"merge", "-q", "--no-ff", "-m", "merge", "side"});
    push_everything();
}

TEST_F(ThinPackTest, MoreCommitsThanTheShortWayTakes) {
    remote.import_history("a", 250);
    testing::git(work, {"fetch", "-q", "origin", "main"});
    testing::git(work, {"checkout", "-q", "-B", "main", "FETCH_HEAD"});
    // `main` goes back, so that everything above is new to the server.
    remote.git({"update-ref", "refs/heads/main", "main~250"});
    push_everything();
}

TEST_F(ThinPackTest, ABumpInATreeOfAHundredThousandFilesInOneFolder) {
    // By plumbing: `git fast-import` and `git add` take minutes for such a folder.
    const auto pipe = [&](std::vector<std::string> args, std::string input) {
        args.insert(args.begin(), {"git", "-C", remote.path()});
        testing::RunOptions options;
        options.input = std::move(input);
        auto out = testing::run_program(args, options).out;
        if (!out.empty()) out.pop_back();
        return out;
    };
    const auto blob = pipe({"hash-object", "-w", "--stdin"}, "image: registry.example.com/app:1\n");
    std::string entries;
    for (int i = 0; i < 100'000; ++i)
        entries += fmt::format("100644 blob {}\tapp-{:06}.yaml\n", blob, i);
    const auto flat = pipe({"mktree", "--missing"}, entries);
    const auto root = pipe({"mktree"}, fmt::format("040000 tree {}\tflat\n", flat));
    remote.git({"update-ref", "refs/heads/main", pipe({"commit-tree", root, "-m", "many"}, "")});

    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(
        spec_on(base, {{"flat/app-050000.yaml", "image: registry.example.com/app:2\n"}})
    ));
    const auto changes = must(mirror.changed_files(base, commit, {"flat"}));
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].after->path, "flat/app-050000.yaml");
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", base, commit}))));
    EXPECT_EQ(remote.git({"diff", "--numstat", "main~1", "main"}), "1\t1\tflat/app-050000.yaml");
    EXPECT_EQ(must(mirror.files(commit, {})).size(), 100'000U);
}

}  // namespace
}  // namespace linkspan::git
