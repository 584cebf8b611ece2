#include "service/git/upkeep.h"

#include "service/git/repository_dir.h"
#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

class UpkeepTest : public GitTest {
protected:
    std::size_t packs() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator{sandbox / "mirror/objects/pack"}) {
            if (entry.path().extension() == ".pack") ++count;
        }
        return count;
    }
    std::string loose() const {
        const auto text = testing::git(sandbox / "mirror", {"count-objects"});
        return text.substr(0, text.find(' '));
    }
    bool tidy_with(const UpkeepLimits& limits) const {
        const auto opened = must(open_repository(sandbox / "mirror"));
        return must(tidy(opened.handle.get(), sandbox / "mirror", limits));
    }
    bool is_sound() const {
        return testing::run_program({"git", "-C", sandbox / "mirror", "fsck", "--strict", "--full"})
                   .code == 0;
    }
};

TEST_F(UpkeepTest, ManySmallFilesBecomeOnePackWithEverything) {
    auto mirror = open_mirror();
    CommitId tip;
    for (int i = 0; i < 5; ++i) {
        remote.person_commits({{"dir/a", fmt::format("person {}", i)}}, "person");
        tip = must(mirror.fetch("main"));
        const auto commit =
            must(mirror.commit(spec_on(tip, {{"dir/a", fmt::format("ours {}", i)}})));
        must(mirror.push({"main", tip, commit}));
        tip = commit;
    }
    ASSERT_EQ(packs(), 5U);
    ASSERT_NE(loose(), "0");
    EXPECT_FALSE(tidy_with({}));
    ASSERT_EQ(packs(), 5U);

    EXPECT_TRUE(tidy_with({.loose = 1, .packs = 5, .small_pack = 1 << 20}));
    EXPECT_EQ(packs(), 1U);
    EXPECT_EQ(loose(), "0");
    EXPECT_TRUE(is_sound());
    EXPECT_EQ(testing::git(sandbox / "mirror", {"rev-list", "--count", tip.hex}), "10");
    // A mirror that was open all the time goes on.
    EXPECT_EQ(must(mirror.log(tip, {}, 100)).size(), 10U);
    EXPECT_EQ(must(mirror.read(must(mirror.find(tip, "dir/a"))->blob, 100)), "ours 4");
    const auto human = remote.person_commits({{"dir/a", "afterwards"}}, "person");
    EXPECT_EQ(must(mirror.fetch("main")).hex, human);
    EXPECT_EQ(must(open_mirror().log({human}, {}, 100)).size(), 11U);
}

TEST_F(UpkeepTest, LargePacksAreLeftAlone) {
    auto mirror = open_mirror();
    for (int i = 0; i < 3; ++i) {
        remote.person_commits({{"a", fmt::format("person {}", i)}}, "person");
        must(mirror.fetch("main"));
    }
    EXPECT_FALSE(tidy_with({.loose = 1'000'000, .packs = 2, .small_pack = 0}));
    EXPECT_EQ(packs(), 3U);
    EXPECT_TRUE(is_sound());
}

TEST_F(UpkeepTest, APackThatIsAloneStaysWhatItIs) {
    remote.person_commits({{"a", "1"}}, "person");
    must(open_mirror().fetch("main"));
    EXPECT_FALSE(tidy_with({.loose = 1'000'000, .packs = 1, .small_pack = 1 << 20}));
    EXPECT_EQ(packs(), 1U);
}

TEST_F(UpkeepTest, ADamagedObjectStopsItBeforeAnythingIsRemoved) {
    remote.person_commits({{"a", "1"}}, "person");
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    must(mirror.commit(spec_on(base, {{"a", "2"}})));
    const auto list = testing::run_program(
        {"find",
         sandbox / "mirror/objects",
         "-path",
         "*/[0-9a-f][0-9a-f]/*",
         "-type",
         "f",
         "-not",
         "-path",
         "*/pack/*"}
    );
    const auto victim = list.out.substr(0, list.out.find('\n'));
    fs::permissions(victim, fs::perms::owner_all);
    // Damaged while it is open: opening would make a fresh mirror.
    const auto opened = must(open_repository(sandbox / "mirror"));
    testing::write_file(victim, "damaged");
    EXPECT_TRUE(
        tidy(
            opened.handle.get(), sandbox / "mirror", {.loose = 0, .packs = 1, .small_pack = 1 << 20}
        )
            .has_error()
    );
    EXPECT_EQ(packs(), 1U);
    EXPECT_NE(loose(), "0");
}

}  // namespace
}  // namespace linkspan::git
