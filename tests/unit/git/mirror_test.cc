#include "service/git/mirror.h"

#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;
using testing::Files;

class MirrorTest : public GitTest {};

std::vector<std::string> paths(const std::vector<File>& files) {
    std::vector<std::string> result;
    for (const auto& file : files) result.push_back(file.path);
    return result;
}

TEST_F(MirrorTest, FetchGivesTheTipThatGitSees) {
    remote.person_commits({{"a.yaml", "a: 1\n"}}, "first");
    auto mirror = open_mirror();
    EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip());
    const auto second = remote.person_commits({{"a.yaml", "a: 2\n"}}, "second");
    EXPECT_EQ(must(mirror.fetch("main")).hex, second);
    // And once more, with nothing new.
    EXPECT_EQ(must(mirror.fetch("main")).hex, second);
}

TEST_F(MirrorTest, OnlyTheAskedBranchIsFetchedAndNoTags) {
    remote.person_commits({{"a", "1"}}, "first");
    const auto other = remote.person_commits({{"b", "1"}}, "other", "side");
    remote.git({"tag", "v1", "main"});
    auto mirror = open_mirror();
    must(mirror.fetch("main"));
    const auto refs = testing::git(sandbox / "mirror", {"for-each-ref", "--format=%(refname)"});
    EXPECT_EQ(refs, "refs/remotes/origin/main");
    EXPECT_EQ(failure_of(mirror.files(CommitId{other}, {})).kind, Errc::NotFound);
    EXPECT_EQ(must(mirror.fetch("side")).hex, other);
}

TEST_F(MirrorTest, ABranchThatDoesNotExistIsNamed) {
    auto mirror = open_mirror();
    auto error = failure_of(mirror.fetch("main"));
    EXPECT_EQ(error.kind, Errc::NotFound);
    EXPECT_NE(error.message.find("empty"), std::string::npos) << error.message;

    remote.person_commits({{"a", "1"}}, "first");
    error = failure_of(mirror.fetch("production"));
    EXPECT_EQ(error.kind, Errc::NotFound);
    EXPECT_NE(error.message.find("'production'"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(remote.path()), std::string::npos) << error.message;
}

TEST_F(MirrorTest, ARepositoryThatDoesNotExistIsNotFound) {
    auto mirror = must(Mirror::open(sandbox / "mirror", remote_at(sandbox / "nothing.git")));
    const auto error = failure_of(mirror.fetch("main"));
    EXPECT_EQ(error.kind, Errc::NotFound);
    EXPECT_NE(error.message.find("nothing.git"), std::string::npos) << error.message;
}

TEST_F(MirrorTest, BranchNamesAreChecked) {
    auto mirror = open_mirror();
    for (const std::string name : {"", "a..b", "a b", "a:b", "*", "a~1", "/a", "a.lock"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(failure_of(mirror.fetch(name)).kind, Errc::InvalidInput);
        EXPECT_EQ(failure_of(mirror.push({name, {}, {}})).kind, Errc::InvalidInput);
    }
}

TEST_F(MirrorTest, FilesAreThoseThatGitLists) {
    remote.import({
        {"README.md", "r"},
        {"apps/api/deploy.yaml", "a"},
        {"apps/api.yaml", "b"},
        {"apps/web/deploy.yaml", "c"},
        {"apps-old/deploy.yaml", "d"},
        {"clusters/prod/a b.yaml", "e"},
        {"clusters/prod/\xC3\xA4.yaml", "f"},
        {"clusters/prod/-rf", "g"},
        {"clusters/production/x", "h"},
    });
    auto mirror = open_mirror();
    const auto tip = must(mirror.fetch("main"));
    const auto listed = [&](std::vector<std::string> args) {
        args.insert(args.begin(), {"ls-tree", "-r", "-z", "--full-tree", "main"});
        std::string text = remote.git(args);
        std::vector<std::string> lines;
        for (std::size_t at = 0; at < text.size();) {
            const auto end = text.find('\0', at);
            lines.push_back(text.substr(at, end - at));
            at = end + 1;
        }
        return lines;
    };
    const std::vector<std::vector<std::string>> cases{
        {},
        {"apps"},
        {"clusters/prod", "apps/api"},
        {"README.md"},
        {"apps/api.yaml", "apps"},
        {"none"},
    };
    for (const auto& prefixes : cases) {
        SCOPED_TRACE(fmt::format("{}", fmt::join(prefixes, ",")));
        std::vector<std::string> lines;
        for (const auto& file : must(mirror.files(tip, prefixes))) {
            lines.push_back(fmt::format("{:06o} blob {}\t{}", file.mode, file.blob.hex, file.path));
        }
        EXPECT_EQ(lines, listed(prefixes));
    }
}

TEST_F(MirrorTest, PrefixesMayBeWrittenInSeveralWays) {
    remote.import({{"apps/a", "1"}, {"b", "2"}});
    auto mirror = open_mirror();
    const auto tip = must(mirror.fetch("main"));
    const std::vector<std::string> all{"apps/a", "b"};
    for (const std::string prefix : {"", ".", "/", "./"}) {
        EXPECT_EQ(paths(must(mirror.files(tip, {prefix}))), all) << prefix;
    }
    for (const std::string prefix : {"apps/", "./apps", "/apps", "apps/a", "apps//"}) {
        EXPECT_EQ(paths(must(mirror.files(tip, {prefix}))), std::vector<std::string>{"apps/a"})
            << prefix;
    }
}

TEST_F(MirrorTest, ReadsBlobsUpToALimit) {
    const std::string content{"binary \0 and \xFF", 14};
    remote.import({{"f", content}});
    auto mirror = open_mirror();
    const auto tip = must(mirror.fetch("main"));
    const auto file = must(mirror.find(tip, "f"));
    ASSERT_TRUE(file);
    EXPECT_EQ(must(mirror.read(file->blob, content.size())), content);
    EXPECT_EQ(failure_of(mirror.read(file->blob, content.size() - 1)).kind, Errc::InvalidInput);
    EXPECT_EQ(failure_of(mirror.read(BlobId{std::string(40, 'a')}, 10)).kind, Errc::Corrupt);
    EXPECT_EQ(failure_of(mirror.read(BlobId{"zz"}, 10)).kind, Errc::InvalidInput);
    EXPECT_EQ(failure_of(mirror.read(BlobId{tip.hex}, 1000)).kind, Errc::InvalidInput);
}

TEST_F(MirrorTest, FindsOneEntryOrNothing) {
    remote.import({{"apps/a", "1"}});
    auto mirror = open_mirror();
    const auto tip = must(mirror.fetch("main"));
    EXPECT_EQ(must(mirror.find(tip, "apps/a"))->path, "apps/a");
    for (const std::string path : {"apps", "apps/b", "apps/a/b", "", "../x"}) {
        EXPECT_FALSE(must(mirror.find(tip, path))) << path;
    }
}

TEST_F(MirrorTest, ContainsFollowsHistory) {
    const auto first = remote.person_commits({{"a", "1"}}, "first");
    const auto second = remote.person_commits({{"a", "2"}}, "second");
    auto mirror = open_mirror();
    must(mirror.fetch("main"));
    EXPECT_TRUE(must(mirror.contains({second}, {first})));
    EXPECT_TRUE(must(mirror.contains({second}, {second})));
    EXPECT_FALSE(must(mirror.contains({first}, {second})));
    EXPECT_FALSE(must(mirror.contains({second}, {std::string(40, 'a')})));
}

TEST_F(MirrorTest, ARewrittenBranchIsFollowed) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_mirror();
    must(mirror.fetch("main"));
    remote.import({{"b", "1"}}, "fresh");
    remote.git({"update-ref", "refs/heads/main", "refs/heads/fresh"});
    EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip("fresh"));
}

TEST_F(MirrorTest, AnotherUrlMayTakeOverTheSameDirectory) {
    remote.person_commits({{"a", "1"}}, "first");
    must(open_mirror().fetch("main"));
    testing::RemoteRepo other{sandbox, "other"};
    other.person_commits({{"b", "1"}}, "elsewhere");
    auto mirror = must(Mirror::open(sandbox / "mirror", remote_at("file://" + other.path())));
    EXPECT_EQ(must(mirror.fetch("main")).hex, other.tip());
}

TEST_F(MirrorTest, OptionsChangeWhileItIsOpen) {
    remote.person_commits({{"a", "1"}}, "first");
    auto mirror = open_mirror();
    must(mirror.fetch("main"));
    testing::RemoteRepo other{sandbox, "other"};
    other.person_commits({{"b", "1"}}, "elsewhere");
    EXPECT_TRUE(mirror.use_remote(remote_at("ftp://host/f")).has_error());
    EXPECT_EQ(must(mirror.fetch("main")).hex, remote.tip());
    EXPECT_TRUE(mirror.use_remote(remote_at(other.path())).has_value());
    EXPECT_EQ(must(mirror.fetch("main")).hex, other.tip());
}

TEST_F(MirrorTest, NothingSecretIsWrittenIntoTheMirror) {
    remote.person_commits({{"a", "1"}}, "first");
    must(open_mirror().fetch("main"));
    EXPECT_EQ(testing::read_file(sandbox / "mirror/config").find("remote"), std::string::npos);
}

}  // namespace
}  // namespace linkspan::git
