#include "service/git/reader.h"
#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

class MirrorDirectoryTest : public GitTest {
protected:
    std::vector<std::string> notices;

    Mirror open_noting() {
        auto options = remote_at(remote.path());
        options.notice = [this](const std::string& text) { notices.push_back(text); };
        return must(Mirror::open(sandbox / "mirror", options));
    }
    std::vector<std::string> wrecks() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator{sandbox.path()}) {
            const auto name = entry.path().filename().string();
            if (name.rfind("mirror.corrupt-", 0) == 0) found.push_back(name);
        }
        return found;
    }
};

TEST_F(MirrorDirectoryTest, IsMadeOnceAndKept) {
    remote.person_commits({{"a", "1"}}, "first");
    must(open_noting().fetch("main"));
    must(open_noting().fetch("main"));
    EXPECT_TRUE(notices.empty());
    EXPECT_TRUE(wrecks().empty());
}

TEST_F(MirrorDirectoryTest, LocksOfALifeThatWasCutShortAreTakenAway) {
    remote.person_commits({{"a", "1"}}, "first");
    must(open_noting().fetch("main"));
    for (const char* lock : {"refs/remotes/origin/main.lock", "packed-refs.lock", "config.lock"}) {
        testing::write_file(fs::path{sandbox / "mirror"} / lock, "");
    }
    remote.person_commits({{"a", "2"}}, "second");
    EXPECT_EQ(must(open_noting().fetch("main")).hex, remote.tip());
    EXPECT_TRUE(notices.empty());
    EXPECT_TRUE(wrecks().empty());
}

TEST_F(MirrorDirectoryTest, DamageOfAnyKindHealsAndIsTold) {
    const struct {
        std::string name;
        std::function<void(const fs::path&)> damage;
    } cases[] = {
        {"no HEAD", [](const fs::path& p) { fs::remove(p / "HEAD"); }},
        {"config is nonsense", [](const fs::path& p) { testing::write_file(p / "config", "[["); }},
        {"no objects", [](const fs::path& p) { fs::remove_all(p / "objects" / "pack"); }},
        {"a ref to nowhere",
         [](const fs::path& p) {
             testing::write_file(p / "refs/remotes/origin/main", std::string(40, 'a') + "\n");
         }},
        {"a ref that is nonsense",
         [](const fs::path& p) { testing::write_file(p / "refs/remotes/origin/main", "x"); }},
        {"a file in its place",
         [](const fs::path& p) {
             fs::remove_all(p);
             testing::write_file(p, "hello");
         }},
    };
    remote.person_commits({{"a", "1"}}, "first");
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        fs::remove_all(sandbox / "mirror");
        for (const auto& name : wrecks()) fs::remove_all(sandbox / name);
        must(open_noting().fetch("main"));
        notices.clear();
        c.damage(sandbox / "mirror");
        auto mirror = open_noting();
        EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip());
        EXPECT_EQ(notices.size(), 1U);
        EXPECT_EQ(wrecks().size(), 1U);
    }
}

TEST_F(MirrorDirectoryTest, OnlyTheLastWreckIsKept) {
    remote.person_commits({{"a", "1"}}, "first");
    for (int i = 0; i < 3; ++i) {
        must(open_noting().fetch("main"));
        fs::remove(fs::path{sandbox / "mirror"} / "HEAD");
    }
    must(open_noting().fetch("main"));
    EXPECT_EQ(wrecks().size(), 1U);
}

TEST_F(MirrorDirectoryTest, AMirrorRemovedWhileOpenIsMadeAgain) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_noting();
    must(mirror.fetch("main"));
    fs::remove_all(sandbox / "mirror");
    const auto tip = must(mirror.fetch("main"));
    EXPECT_EQ(tip.hex, remote.tip());
    EXPECT_EQ(must(mirror.files(tip, {})).size(), 1U);
    EXPECT_EQ(notices.size(), 1U);
}

TEST_F(MirrorDirectoryTest, AnObjectDamagedWhileOpenIsCorruptOnceAndThenHeals) {
    remote.person_commits({{"a", "1"}, {"sub/b", "2"}}, "first");
    auto mirror = open_noting();
    auto tip = must(mirror.fetch("main"));
    const auto file = must(mirror.find(tip, "sub/b"));
    fs::remove_all(fs::path{sandbox / "mirror"} / "objects" / "pack");
    mirror = open_noting();
    EXPECT_EQ(notices.size(), 1U);
    tip = must(mirror.fetch("main"));
    EXPECT_EQ(must(mirror.read(file->blob, 100)), "2");
}

// libgit2 would not come back from reading one.
TEST_F(MirrorDirectoryTest, AnObjectThatAPowerCutLeftHalfHealsAtOpening) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_noting();
    const auto base = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(base, {{"a", "2"}}))).hex;
    const fs::path file =
        fs::path{sandbox / "mirror"} / "objects" / commit.substr(0, 2) / commit.substr(2);
    ASSERT_TRUE(fs::exists(file));
    fs::permissions(file, fs::perms::owner_write, fs::perm_options::add);
    fs::resize_file(file, fs::file_size(file) / 2);
    mirror = open_noting();
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_NE(notices.front().find("cut short"), std::string::npos) << notices.front();
    EXPECT_EQ(must(mirror.fetch("main")).hex, base.hex);
    EXPECT_EQ(failure_of(mirror.files({commit}, {})).kind, Errc::NotFound);
}

class MissingObjectTest : public MirrorDirectoryTest {
protected:
    // A mirror that lacks one file's content.
    CommitId lose(const std::string& path) {
        auto mirror = open_noting();
        const auto tip = must(mirror.fetch("main"));
        const auto blob = must(mirror.find(tip, path))->blob.hex;
        const std::string at = sandbox / "mirror";
        fs::rename(at + "/objects/pack", sandbox / "packs");
        fs::create_directory(at + "/objects/pack");
        for (const auto& entry : fs::directory_iterator{sandbox / "packs"}) {
            if (entry.path().extension() != ".pack") continue;
            testing::run_program(
                {"sh", "-c", "git -C " + at + " unpack-objects -q < " + entry.path().string()}
            );
        }
        const auto file = at + "/objects/" + blob.substr(0, 2) + "/" + blob.substr(2);
        EXPECT_TRUE(fs::remove(file));
        return tip;
    }
    void expect_healed(Mirror& mirror, const std::string& path, const std::string& content) {
        const auto tip = must(mirror.fetch("main"));
        EXPECT_EQ(tip.hex, remote.tip());
        EXPECT_EQ(must(mirror.read(must(mirror.find(tip, path))->blob, 100)), content);
        EXPECT_EQ(notices.size(), 1U);
        EXPECT_EQ(wrecks().size(), 1U);
    }
};

TEST_F(MissingObjectTest, AFileIsDamageAndHealsWithTheNextFetch) {
    remote.person_commits({{"a", "1"}, {"b", "2"}}, "first");
    const auto tip = lose("b");
    auto mirror = open_noting();
    const auto error = failure_of(mirror.read(must(mirror.find(tip, "b"))->blob, 100));
    EXPECT_EQ(error.kind, Errc::Corrupt) << error.message;
    expect_healed(mirror, "b", "2");
}

TEST_F(MissingObjectTest, AFileThatAReaderMissesHealsWhenTheMirrorIsTold) {
    remote.person_commits({{"a", "1"}, {"b", "2"}}, "first");
    const auto tip = lose("b");
    auto mirror = open_noting();
    const auto reader = must(Reader::open(sandbox / "mirror"));
    const auto error = failure_of(reader.read(must(mirror.find(tip, "b"))->blob, 100));
    EXPECT_EQ(error.kind, Errc::Corrupt) << error.message;
    mirror.doubt(error);
    expect_healed(mirror, "b", "2");
}

TEST_F(MissingObjectTest, TheTipIsDamageWhereABranchNamesIt) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_noting();
    must(mirror.fetch("main"));
    const std::string lost(40, 'a');
    EXPECT_EQ(failure_of(mirror.files({lost}, {})).kind, Errc::NotFound);
    EXPECT_TRUE(notices.empty());
    testing::write_file(sandbox / "mirror/refs/remotes/origin/main", lost + "\n");
    const auto error = failure_of(mirror.files({lost}, {}));
    EXPECT_EQ(error.kind, Errc::Corrupt) << error.message;
    expect_healed(mirror, "a", "1");
}

// Where the remote is at it, a fetch has nothing to ask for.
TEST_F(MissingObjectTest, TheTipIsMissedByAFetchToo) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_noting();
    must(mirror.fetch("main"));
    const auto second = remote.person_commits({{"a", "2"}}, "second");
    testing::write_file(sandbox / "mirror/refs/remotes/origin/main", second + "\n");
    expect_healed(mirror, "a", "2");
}

TEST_F(MirrorDirectoryTest, AMissingParentIsMade) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = must(Mirror::open(sandbox / "data/git/fleet/", remote_at(remote.path())));
    must(mirror.fetch("main"));
    EXPECT_TRUE(fs::exists(sandbox / "data/git/fleet/HEAD"));
}

TEST_F(MirrorDirectoryTest, APlaceThatCanNotBeMadeIsUnavailable) {
    testing::write_file(sandbox / "file", "x");
    const auto error = failure_of(Mirror::open(sandbox / "file/mirror", remote_at(remote.path())));
    EXPECT_EQ(error.kind, Errc::Unavailable) << error.message;
}

}  // namespace
}  // namespace linkspan::git
