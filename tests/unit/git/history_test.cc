#include "service/git/history.h"

#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <gtest/gtest.h>

#include <string>

namespace linkspan::git {
namespace {

class LogTest : public GitTest {};

TEST_F(LogTest, GivesWhatGitLogGives) {
    const auto first = remote.person_commits({{"a", "1"}}, "first");
    const auto second = remote.person_commits({{"a", "2"}}, "second\n\nwith a body");
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto ours = must(mirror.commit(spec_on(base, {{"a", "3"}})));

    const auto all = must(mirror.log(ours, {}, 10));
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].id, ours);
    EXPECT_EQ(all[0].author.name, "Linkspan");
    EXPECT_EQ(all[0].committer.email, "bridge@example.com");
    EXPECT_EQ(
        all[0].time, std::chrono::system_clock::time_point{std::chrono::seconds{1'700'000'000}}
    );
    EXPECT_EQ(all[0].message, "Update images\n\nBecause.\n");
    EXPECT_EQ(all[0].parents, std::vector<CommitId>{{second}});
    EXPECT_EQ(all[1].message, "second\n\nwith a body\n");
    EXPECT_TRUE(all[2].parents.empty());

    EXPECT_EQ(must(mirror.log(ours, {second}, 10)).size(), 1U);
    EXPECT_EQ(must(mirror.log(ours, {first}, 10)).size(), 2U);
    EXPECT_EQ(must(mirror.log(ours, {}, 2)).size(), 2U);
    EXPECT_EQ(must(mirror.log(ours, {std::string(40, 'a')}, 10)).size(), 3U);
    EXPECT_TRUE(must(mirror.log(ours, ours, 10)).empty());
}

class BranchTest : public GitTest {};

TEST_F(BranchTest, TheDefaultBranchIsWhatHeadNames) {
    auto mirror = open_mirror();
    EXPECT_EQ(must(mirror.default_branch()), std::nullopt);
    remote.person_commits({{"a", "1"}}, "first");
    EXPECT_EQ(must(mirror.default_branch()), "main");
}

TEST_F(BranchTest, ARenamedDefaultBranchIsNamedInTheError) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_mirror();
    must(mirror.fetch("main"));
    remote.git({"branch", "-m", "main", "trunk"});
    remote.git({"symbolic-ref", "HEAD", "refs/heads/trunk"});
    const auto error = failure_of(mirror.fetch("main"));
    EXPECT_EQ(error.kind, Errc::NotFound);
    EXPECT_NE(error.message.find("the default branch is 'trunk'"), std::string::npos)
        << error.message;
    EXPECT_EQ(must(mirror.known_tip("main")), std::nullopt);
    EXPECT_EQ(must(mirror.fetch("trunk")).hex, remote.tip("trunk"));
}

TEST_F(BranchTest, TheKnownTipFollowsFetchAndPush) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_mirror();
    EXPECT_EQ(must(mirror.known_tip("main")), std::nullopt);
    const auto base = must(mirror.fetch("main"));
    EXPECT_EQ(must(mirror.known_tip("main")), base);
    const auto commit = must(mirror.commit(spec_on(base, {{"a", "2"}})));
    must(mirror.push({"main", base, commit}));
    EXPECT_EQ(must(mirror.known_tip("main")), commit);
    EXPECT_EQ(must(open_mirror().known_tip("main")), commit);
}

TEST_F(BranchTest, ARemoteThatWasEmptiedAndFilledAgainIsFollowed) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_mirror();
    must(mirror.fetch("main"));
    remote.git({"update-ref", "-d", "refs/heads/main"});
    EXPECT_EQ(failure_of(mirror.fetch("main")).kind, Errc::NotFound);
    testing::RemoteRepo other{sandbox, "other"};
    other.person_commits({{"b", "1"}}, "afresh");
    testing::git(other.path(), {"push", "-q", remote.path(), "main:main"});
    EXPECT_EQ(must(mirror.fetch("main")).hex, other.tip());
}

TEST_F(BranchTest, ARemoteThatWasMadeAnewUnderTheSameAddressIsFollowed) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_mirror();
    const auto old = must(mirror.fetch("main"));
    const auto commit = must(mirror.commit(spec_on(old, {{"a", "2"}})));
    remote.import({{"z", "1"}}, "fresh");
    remote.git({"update-ref", "refs/heads/main", "refs/heads/fresh"});
    const auto answer = must(mirror.push({"main", old, commit}));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer));
    EXPECT_EQ(std::get<Moved>(answer).actual, CommitId{remote.tip()});
    EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip("fresh"));
}

}  // namespace
}  // namespace linkspan::git
