#include "tests/support_git/server_process.h"
#include "tests/unit/git/fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace linkspan::git {
namespace {

class PushTest : public GitTest {
protected:
    void SetUp() override {
        remote.person_commits({{"a.yaml", "tag: 1\n"}, {"b.yaml", "tag: 1\n"}}, "first");
    }

    static CommitId bump(Mirror& mirror, const CommitId& base, const std::string& tag) {
        return must(mirror.commit(spec_on(base, {{"a.yaml", "tag: " + tag + "\n"}})));
    }
};

TEST_F(PushTest, MovesTheBranch) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    const auto answer = must(mirror.push({"main", base, commit}));
    EXPECT_TRUE(std::holds_alternative<Pushed>(answer));
    EXPECT_EQ(remote.tip(), commit.hex);
    EXPECT_EQ(remote.show("a.yaml"), "tag: 2\n");
    EXPECT_EQ(remote.git({"log", "--format=%s", "main"}), "Update images\nfirst");
    EXPECT_TRUE(remote.is_sound());
    EXPECT_EQ(must(mirror.fetch("main")), commit);
}

TEST_F(PushTest, TheSameAgainIsThereAlready) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    must(mirror.push({"main", base, commit}));
    EXPECT_TRUE(std::holds_alternative<AlreadyThere>(must(mirror.push({"main", base, commit}))));
}

TEST_F(PushTest, AHumansPushInBetweenIsReportedAndBothCommitsStayAfterTheRedo) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    const auto human = remote.person_commits({{"b.yaml", "tag: human\n"}}, "by hand");

    const auto answer = must(mirror.push({"main", base, commit}));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer));
    EXPECT_EQ(std::get<Moved>(answer).actual, CommitId{human});
    EXPECT_EQ(remote.tip(), human);

    const auto fresh = must(mirror.fetch("main"));
    EXPECT_EQ(fresh.hex, human);
    const auto again = bump(mirror, fresh, "2");
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", fresh, again}))));
    EXPECT_EQ(remote.git({"log", "--format=%s", "main"}), "Update images\nby hand\nfirst");
    EXPECT_EQ(remote.show("b.yaml"), "tag: human\n");
    EXPECT_EQ(remote.show("a.yaml"), "tag: 2\n");
}

TEST_F(PushTest, ARaceThatTheServerDecidesIsMovedToo) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    // The human's commit arrives while our push is in the server's hands.
    const auto human = remote.person_commits({{"b.yaml", "tag: human\n"}}, "by hand", "side");
    remote.hook(
        "pre-receive",
        "#!/bin/sh\nunset GIT_QUARANTINE_PATH\nexec git update-ref refs/heads/main " + human +
            " 2>&1\n"
    );
    const auto answer = must(mirror.push({"main", base, commit}));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer)) << answer.index();
    EXPECT_EQ(std::get<Moved>(answer).actual, CommitId{human});
    EXPECT_EQ(remote.tip(), human);
}

TEST_F(PushTest, ABranchThatWasDeletedIsMovedToNothing) {
    remote.person_commits({{"c", "1"}}, "side", "side");
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("side"));
    const auto commit = bump(mirror, base, "2");
    remote.git({"branch", "-D", "side"});
    const auto answer = must(mirror.push({"side", base, commit}));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer));
    EXPECT_EQ(std::get<Moved>(answer).actual, std::nullopt);
}

TEST_F(PushTest, ANewBranchIsMadeWhenNoneIsExpectedAndThereIsNone) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"linkspan/prod", {}, commit}))));
    EXPECT_EQ(remote.tip("linkspan/prod"), commit.hex);
    const auto other = bump(mirror, base, "3");
    const auto answer = must(mirror.push({"linkspan/prod", {}, other}));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer));
    EXPECT_EQ(std::get<Moved>(answer).actual, commit);
}

TEST_F(PushTest, WhatAHookSaysComesWordForWord) {
    remote.hook(
        "pre-receive",
        "#!/bin/sh\necho 'Not on Fridays:  ask <ops@example.com>.'\necho '  \xC3\xA4nd second "
        "line' >&2\nexit 1\n"
    );
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto answer = must(mirror.push({"main", base, bump(mirror, base, "2")}));
    ASSERT_TRUE(std::holds_alternative<Rejected>(answer));
    EXPECT_EQ(
        std::get<Rejected>(answer).message,
        "Not on Fridays:  ask <ops@example.com>.\n  \xC3\xA4nd second line\npre-receive hook "
        "declined"
    );
    EXPECT_EQ(remote.tip(), base.hex);
}

TEST_F(PushTest, AProtectedRefIsRejectedAndNotRetried) {
    remote.hook("update", "#!/bin/sh\necho \"$1 is protected\" >&2\nexit 1\n");
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto answer = must(mirror.push({"main", base, bump(mirror, base, "2")}));
    ASSERT_TRUE(std::holds_alternative<Rejected>(answer));
    EXPECT_EQ(
        std::get<Rejected>(answer).message,
        "refs/heads/main is protected\n"
        "error: hook declined to update refs/heads/main\nhook declined"
    );
}

TEST_F(PushTest, ALockHeldByAnotherPushIsTriedLater) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    testing::write_file(remote.path() + "/refs/heads/main.lock", "");
    const auto error = failure_of(mirror.push({"main", base, bump(mirror, base, "2")}));
    EXPECT_EQ(error.kind, Errc::Unavailable) << error.message;
    EXPECT_EQ(remote.tip(), base.hex);
}

TEST_F(PushTest, ASlowPostReceiveHookFinishesItsWork) {
    const auto marker = sandbox / "done";
    remote.hook(
        "post-receive", "#!/bin/sh\nread old new ref\nsleep 0.3\necho $new > '" + marker + "'\n"
    );
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", base, commit}))));
    EXPECT_EQ(testing::read_file(marker), commit.hex + "\n");
}

TEST_F(PushTest, SeveralCommitsGoOutTogether) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    auto tip = base;
    for (int i = 2; i < 12; ++i) tip = bump(mirror, tip, std::to_string(i));
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push({"main", base, tip}))));
    EXPECT_EQ(remote.git({"rev-list", "--count", "main"}), "11");
    EXPECT_TRUE(remote.is_sound());
}

TEST_F(PushTest, CommitsAreDroppedOnlyWhereThatIsAllowed) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto first = bump(mirror, base, "2");
    const auto second = bump(mirror, base, "3");
    must(mirror.push({"linkspan/prod", {}, first}));
    RefUpdate update{"linkspan/prod", first, second};
    const auto error = failure_of(mirror.push(update));
    EXPECT_EQ(error.kind, Errc::InvalidInput) << error.message;
    EXPECT_EQ(remote.tip("linkspan/prod"), first.hex);

    update.replace = true;
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push(update))));
    EXPECT_EQ(remote.tip("linkspan/prod"), second.hex);
    // Even then only from the expected value: somebody pushed to the branch.
    const auto human = remote.person_commits({{"b.yaml", "human"}}, "mine", "linkspan/prod");
    update = {"linkspan/prod", second, first};
    update.replace = true;
    const auto answer = must(mirror.push(update));
    ASSERT_TRUE(std::holds_alternative<Moved>(answer));
    EXPECT_EQ(remote.tip("linkspan/prod"), human);
}

TEST_F(PushTest, WhatHooksSayAfterASuccessIsKept) {
    remote.hook(
        "post-receive",
        "#!/bin/sh\necho 'Create a pull request: https://git.example.com/pulls/new'\n"
    );
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto answer = must(mirror.push({"main", base, bump(mirror, base, "2")}));
    ASSERT_TRUE(std::holds_alternative<Pushed>(answer));
    EXPECT_EQ(
        std::get<Pushed>(answer).said, "Create a pull request: https://git.example.com/pulls/new\n"
    );
}

TEST_F(PushTest, OptionsReachTheHooks) {
    const auto seen = sandbox / "seen";
    remote.hook(
        "pre-receive",
        "#!/bin/sh\necho \"$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0 $GIT_PUSH_OPTION_1\" > '" +
            seen + "'\n"
    );
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    RefUpdate update{"main", base, bump(mirror, base, "2")};
    update.options = {"merge_request.create", "merge_request.title=Bump app"};
    EXPECT_EQ(failure_of(mirror.push(update)).kind, Errc::InvalidInput);
    EXPECT_EQ(remote.tip(), base.hex);
    remote.git({"config", "receive.advertisePushOptions", "true"});
    EXPECT_TRUE(std::holds_alternative<Pushed>(must(mirror.push(update))));
    EXPECT_EQ(testing::read_file(seen), "2 merge_request.create merge_request.title=Bump app\n");
}

TEST_F(PushTest, AReviewIsAskedForByItsRef) {
    // What Gitea and Gerrit do with such a push, a proc-receive hook does here.
    remote.git({"config", "receive.procReceiveRefs", "refs/for"});
    remote.git({"config", "receive.advertisePushOptions", "true"});
    remote.hook("proc-receive", R"(#!/usr/bin/env perl
use strict; use warnings; binmode STDIN; binmode STDOUT; $| = 1;
sub get { my $l; read(STDIN, $l, 4) == 4 or exit 1; $l = hex $l; return undef if $l == 0; my $d; read(STDIN, $d, $l - 4); chomp $d; return $d }
sub put { my $d = shift; printf "%04x%s", length($d) + 4, $d }
get(); get(); put("version=1\0push-options\n"); print "0000";
my @refs; while (defined(my $l = get())) { push @refs, $l }
my @options; while (defined(my $l = get())) { push @options, $l }
print STDERR "options: @options\n";
for (@refs) { my ($old, $new, $ref) = split / /; put("ok $ref\n") }
print "0000";
)");
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto commit = bump(mirror, base, "2");
    const auto answer =
        must(mirror.push_for_review({"refs/for/main/linkspan", commit, {"topic=linkspan"}}));
    ASSERT_TRUE(std::holds_alternative<Pushed>(answer));
    EXPECT_EQ(std::get<Pushed>(answer).said, "options: topic=linkspan\n");
    EXPECT_EQ(remote.tip(), base.hex);
    for (const std::string ref : {"refs/heads/main", "main", "refs/for/", "refs/for/a..b"}) {
        EXPECT_EQ(failure_of(mirror.push_for_review({ref, commit})).kind, Errc::InvalidInput)
            << ref;
    }
}

TEST_F(PushTest, AReviewCanBeRejected) {
    remote.hook("pre-receive", "#!/bin/sh\necho 'no reviews today'\nexit 1\n");
    auto mirror = open_mirror();
    const auto commit = bump(mirror, must(mirror.fetch("main")), "2");
    const auto answer = must(mirror.push_for_review({"refs/for/main", commit}));
    ASSERT_TRUE(std::holds_alternative<Rejected>(answer));
    EXPECT_EQ(std::get<Rejected>(answer).message, "no reviews today\npre-receive hook declined");
}

TEST_F(PushTest, WhatIsNotInTheMirrorCanNotBePushed) {
    auto mirror = open_mirror();
    const auto base = must(mirror.fetch("main"));
    const auto error = failure_of(mirror.push({"main", base, CommitId{std::string(40, 'a')}}));
    EXPECT_EQ(error.kind, Errc::NotFound) << error.message;
    EXPECT_EQ(remote.tip(), base.hex);
}

}  // namespace
}  // namespace linkspan::git
