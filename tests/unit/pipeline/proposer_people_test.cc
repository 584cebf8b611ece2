// What people did, noticed late, twice, or half: their work, titles and words stay theirs.
#include "tests/unit/pipeline/proposing.h"

namespace linkspan::pipeline {
namespace {

using ProposerPeople = Proposing;

TEST_F(ProposerPeople, TheirTitleStaysWhenTheStoreWasLost) {
    look(wanting("1.1.0"));
    forge.at(1).title = "Please read";
    lose_the_store();
    look(wanting("1.2.0"));
    EXPECT_EQ(forge.at(1).title, "Please read");
    look(wanting("1.3.0"));
    EXPECT_EQ(forge.at(1).title, "Please read");
}

TEST_F(ProposerPeople, OurTitleIsStillOursWhenTheStoreWasLost) {
    look(wanting("1.1.0"));
    lose_the_store();
    look(wanting("1.2.0"));
    EXPECT_EQ(forge.at(1).title, "Update app to 1.2.0 in prod");
}

TEST_F(ProposerPeople, TheirDraftStaysWhenTheStoreWasLost) {
    look(wanting("1.1.0"));
    forge.at(1).draft = true;
    lose_the_store();
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.at(1).draft);
}

TEST_F(ProposerPeople, ACloseAfterWeFailedToCloseItIsTheirs) {
    look(wanting("1.1.0"));
    auto nothing = wanting("1.1.0");
    nothing.proposal.plan = {};
    nothing.gone = "It is held.";
    forge.broken["close"] = {Errc::InvalidInput, "not now"};
    EXPECT_ANY_THROW(look(nothing));
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
    EXPECT_EQ(plan::read_state(forge.at(1).body)->ended, "");
    forge.person_closes(1);
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(forge.pulls.size(), 1U);
}

TEST_F(ProposerPeople, WhatTheyClosedIsWhatTheySaw) {
    look(wanting("1.1.0"));
    // They close it while the newer one is pushed.
    forge.before["update"] = [&] {
        const auto seen = remote.git({"rev-parse", "linkspan/prod"});
        forge.at(1).head_commit = "before " + seen;
    };
    const auto head = remote.tip("linkspan/prod");
    look(wanting("1.2.0"));
    forge.person_closes(1);
    forge.at(1).head_commit = head;
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    const auto holds = must(store->holds().list("prod", "app", now));
    ASSERT_EQ(holds.size(), 1U);
    EXPECT_EQ(holds[0].tag, "1.1.0");
}

TEST_F(ProposerPeople, MergedWhileTheNewerOneWasPushed) {
    look(wanting("1.1.0"));
    const auto head = remote.tip("linkspan/prod");
    look(wanting("1.2.0"));
    // The platform merged what was there before.
    remote.git({"update-ref", "refs/heads/main", head});
    forge.at(1).state = forge::State::Merged;
    forge.at(1).head_commit = forge.at(1).merge_commit = head;
    const auto answer = look(wanting("1.2.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.number, 2);
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
}

TEST_F(ProposerPeople, ABranchThatWasMergedWithTheirCommitsStopsNoNewerTag) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    look(wanting("1.1.0"));
    const auto theirs = remote.tip("linkspan/prod");
    // Squashed: their commit is not in the base, its content is.
    forge.at(1).head_commit = theirs;
    forge.at(1).state = forge::State::Merged;
    remote.person_commits(
        {{"app.yaml", "image: app:1.1.0\n"}, {"other.yaml", "a: 1\n"}}, "Squashed"
    );
    forge.at(1).merge_commit = remote.tip();
    EXPECT_EQ(look(wanting("1.1.0")).kind, "merged");
    EXPECT_EQ(remote.tip("linkspan/prod"), theirs) << "theirs to delete";
    const auto answer = look(wanting("1.2.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.number, 2);
}

TEST_F(ProposerPeople, ARebuildIsOfTheNewestTagThatWaited) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
    EXPECT_EQ(row().images.at(0).tag, "1.2.0") << "what the next look proposes";
    // Merged as it is, it was the older one.
    forge.person_merges(1);
    look(wanting("1.2.0"));
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    EXPECT_EQ(forge.pulls.size(), 2U);
}

TEST_F(ProposerPeople, ABranchThatMayNotBeDeletedStopsNothing) {
    look(wanting("1.1.0"));
    forge.person_merges(1);
    forge.broken["delete_branch"] = {Errc::Unauthorized, "the branch is protected"};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "merged");
    ASSERT_EQ(answer.notes.size(), 1U);
    EXPECT_EQ(look(wanting("1.2.0")).number, 2);
}

TEST_F(ProposerPeople, TheOneThatEndedTakesNoPlace) {
    options.max_open = 1;
    look(wanting("1.1.0"));
    forge.person_merges(1);
    EXPECT_EQ(look(wanting("1.2.0")).number, 2) << "in the same look";
}

TEST_F(ProposerPeople, TheLabelIsHeardWithoutItsEvent) {
    look(wanting("1.1.0"));
    forge.at(1).labels = {"Linkspan:Rebuild"};
    forge.labeled["linkspan:rebuild"] = {"1", "ann"};
    look(wanting("1.1.0"));
    EXPECT_EQ(forge.label_questions, 0) << "nobody waits for it";
    person_pushes_to_branch();
    const auto theirs = remote.tip("linkspan/prod");
    for (int i = 0; i < 2; ++i) EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(remote.tip("linkspan/prod"), theirs) << "it was there before their commit";
    forge.labeled["linkspan:rebuild"] = {"2", "stranger"};
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    forge.labeled["linkspan:rebuild"] = {"3", "ann"};
    forge.at(1).labels = {"linkspan:rebuild"};
    forge.label_questions = 0;
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
    EXPECT_EQ(forge.label_questions, 1);
    EXPECT_TRUE(forge.at(1).labels.empty());
    person_pushes_to_branch();
    look(wanting("1.1.0"));
    forge.label_questions = 0;
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(forge.label_questions, 0) << "it is off again";
}

TEST_F(ProposerPeople, ALabelOnAPlatformThatDoesNotTellWhoPutItOnIsNotAskedFor) {
    forge.can.label_events = false;
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    look(wanting("1.1.0"));
    forge.at(1).labels = {"linkspan:rebuild"};
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(forge.label_questions, 0);
}

TEST_F(ProposerPeople, ANewerHeadIsArmedForItself) {
    options.automerge = true;
    look(wanting("1.1.0"));
    forge.before["disarm"] = [&] { EXPECT_EQ(branch_file(), "image: app:1.1.0\n"); };
    look(wanting("1.2.0"));
    EXPECT_EQ(forge.count("disarm"), 1U);
    EXPECT_EQ(forge.count("arm"), 2U);
    EXPECT_TRUE(forge.at(1).auto_merge);
    forge.at(1).auto_merge = false;
    look(wanting("1.2.0"));
    EXPECT_FALSE(forge.at(1).auto_merge);
}

TEST_F(ProposerPeople, ArmedJustBeforeACrashItIsTakenOffWhenTheWindowCloses) {
    options.automerge = true;
    for (int point = 0; point < 12; ++point) {
        SCOPED_TRACE(point);
        lose_the_store();
        forge.pulls.clear();
        forge.said.clear();
        if (!remote.git({"branch", "--list", "linkspan/*"}).empty()) {
            remote.git({"update-ref", "-d", "refs/heads/linkspan/prod"});
        }
        try {
            look(wanting("1.1.0"), point);
        } catch (const Killed&) {
        }
        auto request = wanting("1.1.0");
        request.window_open = false;
        look(std::move(request));
        EXPECT_FALSE(forge.at(1).auto_merge);
    }
}

}  // namespace
}  // namespace linkspan::pipeline
