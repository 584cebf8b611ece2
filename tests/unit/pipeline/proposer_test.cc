// The life of a pull request, sentence by sentence, over a real repository.
#include "tests/unit/pipeline/proposing.h"

#include <filesystem>
#include <fstream>

namespace linkspan::pipeline {
namespace {

using ProposerTest = Proposing;

constexpr const char* kDigest =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST_F(ProposerTest, OpensOneWithOneCommitOnTheBase) {
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.number, 1);
    EXPECT_EQ(answer.url, "https://git.example.com/acme/fleet/pulls/1");
    EXPECT_EQ(branch_file(), "image: app:1.1.0\n");
    EXPECT_EQ(remote.git({"rev-parse", "linkspan/prod^"}), remote.tip());
    EXPECT_EQ(forge.at(1).title, "Update app to 1.1.0 in prod");
    EXPECT_EQ(plan::read_state(forge.at(1).body)->images.at(0).tag, "1.1.0");
    EXPECT_EQ(row().state, "open");
    EXPECT_EQ(row().images.at(0).tag, "1.1.0");
    EXPECT_TRUE(remote.is_sound());
}

TEST_F(ProposerTest, NothingIsWrittenWhenNothingChanged) {
    look(wanting("1.1.0"));
    const auto head = remote.tip("linkspan/prod");
    forge.calls.clear();
    now += std::chrono::hours{5};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_TRUE(forge.calls.empty());
    EXPECT_EQ(remote.tip("linkspan/prod"), head);
}

TEST_F(ProposerTest, ANewerTagGoesIntoTheSamePullRequest) {
    look(wanting("1.1.0"));
    const auto answer = look(wanting("1.2.0"));
    EXPECT_EQ(answer.number, 1);
    EXPECT_EQ(forge.pulls.size(), 1U);
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    EXPECT_EQ(remote.git({"rev-list", "--count", "main..linkspan/prod"}), "1");
    EXPECT_EQ(forge.at(1).title, "Update app to 1.2.0 in prod");
    EXPECT_NE(forge.at(1).body.find("1.2.0"), std::string::npos);
    now += std::chrono::hours{1};
    forge.calls.clear();
    look(wanting("1.2.0"));
    EXPECT_TRUE(forge.calls.empty());
}

TEST_F(ProposerTest, RebuiltOnAMovedBase) {
    look(wanting("1.1.0"));
    remote.person_commits({{"other.yaml", "a: 1\n"}}, "Another change");
    forge.calls.clear();
    look(wanting("1.1.0"));
    EXPECT_EQ(remote.git({"rev-parse", "linkspan/prod^"}), remote.tip());
    EXPECT_EQ(remote.git({"rev-list", "--count", "main..linkspan/prod"}), "1");
    EXPECT_TRUE(forge.calls.empty()) << "the text did not change";
}

TEST_F(ProposerTest, WhatWasRefusedStaysInTheBodyWhileItIsNewer) {
    const std::string image = "registry.example.com/acme/app";
    const auto with = [&](const std::string& tag, std::vector<plan::RefusedTag> refused) {
        auto request = wanting(tag);
        request.refused = std::move(refused);
        request.still_newer = [tag](const auto& one) { return one.tag > tag; };
        return request;
    };
    const auto body_has = [&](const std::string& text) {
        return forge.at(1).body.find(text) != std::string::npos;
    };
    look(with("1.1.0", {{image, "app", "2.0.0", "out of range", false}}));
    EXPECT_TRUE(body_has("out of range"));
    // By whoever comes next it is not forgotten, and written no second time.
    forge.calls.clear();
    look(with("1.1.0", {}));
    // Another series of tags is no reason to write; what a gate refused is.
    look(with("1.1.0", {{image, "app", "2.1.0", "out of range too", false}}));
    EXPECT_TRUE(forge.calls.empty());
    look(with("1.1.0", {{image, "app", "1.3.0", "nobody signed it", true}}));
    EXPECT_TRUE(body_has("nobody signed it"));
    EXPECT_EQ(forge.count("update"), 1U);
    look(with("1.4.0", {}));
    EXPECT_FALSE(body_has("nobody signed it"));
    EXPECT_TRUE(body_has("out of range"));
}

TEST_F(ProposerTest, ThePersonsTitleAndNotesStay) {
    look(wanting("1.1.0"));
    forge.at(1).title = "Please read";
    forge.at(1).body = "Note of ann\r\n\r\n" + forge.at(1).body + "\r\nMore\r\n";
    look(wanting("1.2.0"));
    EXPECT_EQ(forge.at(1).title, "Please read");
    EXPECT_TRUE(forge.at(1).body.starts_with("Note of ann"));
    EXPECT_TRUE(forge.at(1).body.ends_with("More"));
    EXPECT_EQ(plan::read_state(forge.at(1).body)->images.at(0).tag, "1.2.0");
}

TEST_F(ProposerTest, ClosedByAPersonIsHeldByTagAndDigest) {
    look(wanting("1.1.0", kDigest));
    forge.person_closes(1);
    const auto answer = look(wanting("1.1.0", kDigest));
    EXPECT_EQ(answer.kind, "held");
    ASSERT_EQ(answer.held.size(), 1U);
    const auto holds = must(store->holds().list("prod", "app", now));
    ASSERT_EQ(holds.size(), 1U);
    EXPECT_EQ(holds[0].tag, "1.1.0");
    EXPECT_EQ(holds[0].digest, kDigest);
    EXPECT_EQ(holds[0].who, "ann");
    EXPECT_EQ(forge.pulls.size(), 1U);
    // A newer one is another question.
    EXPECT_EQ(look(wanting("1.2.0", kDigest)).kind, "pull_request");
    EXPECT_EQ(forge.pulls.size(), 2U);
}

TEST_F(ProposerTest, ClosedByAPersonWhileTheStoreWasLost) {
    look(wanting("1.1.0"));
    forge.person_closes(1);
    lose_the_store();
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(must(store->holds().list("prod", "app", now)).size(), 1U);
    EXPECT_EQ(forge.pulls.size(), 1U);
}

TEST_F(ProposerTest, OpenedAgainByAPersonIsNoLongerHeld) {
    look(wanting("1.1.0"));
    forge.person_closes(1);
    look(wanting("1.1.0"));
    forge.at(1).state = forge::State::Open;
    auto request = wanting("1.1.0");
    request.ignored = {{"registry.example.com/acme/app", "app", "1.1.0", ""}};
    EXPECT_EQ(look(std::move(request)).kind, "pull_request");
    EXPECT_TRUE(must(store->holds().list("prod", "app", now)).empty());
}

TEST_F(ProposerTest, MergedIsRecordedAndTheBranchDeleted) {
    look(wanting("1.1.0"));
    forge.person_merges(1);
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "merged");
    EXPECT_EQ(answer.commit, remote.tip());
    EXPECT_EQ(row().state, "merged");
    EXPECT_EQ(remote.git({"branch", "--list", "linkspan/*"}), "");
    // The next one is a new one.
    EXPECT_EQ(look(wanting("1.2.0")).number, 2);
}

TEST_F(ProposerTest, InTheBaseAlreadyIsClosedWithASentence) {
    look(wanting("1.1.0"));
    remote.person_commits({{"app.yaml", "image: app:1.1.0\n"}}, "By hand");
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "already_current");
    EXPECT_EQ(forge.at(1).state, forge::State::Closed);
    ASSERT_EQ(forge.said[1].size(), 1U);
    EXPECT_NE(forge.said[1][0].body.find("has these images already"), std::string::npos);
    EXPECT_EQ(remote.git({"branch", "--list", "linkspan/*"}), "");
    EXPECT_TRUE(must(store->holds().list(now)).empty());
    EXPECT_EQ(row().state, "closed");
    // Nobody takes it for a person's no, also without a memory.
    lose_the_store();
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    EXPECT_TRUE(must(store->holds().list(now)).empty());
}

TEST_F(ProposerTest, EditedByAPersonIsLeftAloneAndSaidOnce) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    const auto theirs = remote.tip("linkspan/prod");
    for (int i = 0; i < 3; ++i) {
        const auto answer = look(wanting("1.2.0"));
        EXPECT_EQ(answer.kind, "held");
        EXPECT_EQ(answer.number, 1);
    }
    EXPECT_EQ(remote.tip("linkspan/prod"), theirs);
    EXPECT_EQ(forge.said[1].size(), 1U);
    EXPECT_EQ(forge.count("update"), 0U);
}

TEST_F(ProposerTest, AHeadThatWeDidNotPushIsAPersonsWhoeverTheAuthorSays) {
    look(wanting("1.1.0"));
    remote.git({"update-ref", "refs/heads/linkspan/prod", remote.tip("main")});
    EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
}

TEST_F(ProposerTest, RebuiltWhenSomebodyWithWriteAccessAsks) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    look(wanting("1.2.0"));
    // By a stranger: no.
    forge.said[1].push_back({"9", "stranger", "linkspan rebuild"});
    EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
    forge.said[1].push_back({"10", "ann", "Thanks.\r\n/linkspan rebuild\r\n"});
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    // Answered once: the next edit is left alone again, and said again.
    person_pushes_to_branch();
    EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
    EXPECT_EQ(forge.count("comment"), 2U);
}

TEST_F(ProposerTest, WhoAskedBeforeSomebodyPushedDidNotMeanThoseCommits) {
    look(wanting("1.1.0"));
    forge.said[1].push_back({"9", "ann", "linkspan rebuild"});
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    const auto theirs = remote.tip("linkspan/prod");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
    EXPECT_EQ(remote.tip("linkspan/prod"), theirs);
    // Nor does what was answered, once something else has been answered since.
    forge.said[1].push_back({"10", "ann", "linkspan rebuild"});
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    person_pushes_to_branch();
    look(wanting("1.2.0"));
    auto& body = forge.at(1).body;
    body.replace(body.find("- [ ]"), 5, "- [x]");
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    person_pushes_to_branch();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
}

TEST_F(ProposerTest, WhoeverOwnsOurTokenMayAskToo) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    look(wanting("1.1.0"));
    forge.writers.insert("linkspan-bot");
    forge.said[1].push_back({"9", "linkspan-bot", "linkspan rebuild"});
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
}

TEST_F(ProposerTest, ATokenThatMayNotAskWhoMayWriteHearsNobody) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    look(wanting("1.1.0"));
    forge.said[1].push_back({"9", "ann", "linkspan rebuild"});
    forge.may_write_answer = Error{Errc::Unauthorized, "403: the token lacks admin"};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "held");
    ASSERT_FALSE(answer.notes.empty());
    EXPECT_NE(answer.notes[0].find("the token lacks admin"), std::string::npos);
    forge.may_write_answer.reset();
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
}

TEST_F(ProposerTest, TheCheckboxAsksAndIsTakenBack) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    for (int i = 0; i < 2; ++i) {
        auto& body = forge.at(1).body;
        body.replace(body.find("- [ ]"), 5, "- [x]");
        EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
        EXPECT_FALSE(plan::rebuild_is_ticked(forge.at(1).body));
        EXPECT_EQ(remote.git({"rev-list", "--count", "main..linkspan/prod"}), "1");
        person_pushes_to_branch();
    }
}

TEST_F(ProposerTest, TheLabelAsksWhenItsActorMayWrite) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    forge.at(1).labels = {"linkspan:rebuild"};
    auto request = wanting("1.1.0");
    request.rebuild = {.id = "d1", .user = "stranger", .label = "linkspan:rebuild"};
    EXPECT_EQ(look(std::move(request)).kind, "held");
    // Said again after it was taken off: the event alone is nobody's wish.
    forge.at(1).labels.clear();
    request = wanting("1.1.0");
    request.rebuild = {.id = "d2", .user = "ann", .label = "linkspan:rebuild"};
    EXPECT_EQ(look(std::move(request)).kind, "held");
    forge.at(1).labels = {"linkspan:rebuild"};
    request = wanting("1.1.0");
    request.rebuild = {.id = "d3", .user = "ann", .label = "linkspan:rebuild"};
    EXPECT_EQ(look(std::move(request)).kind, "pull_request");
    EXPECT_TRUE(forge.at(1).labels.empty());
}

TEST_F(ProposerTest, LabelsAndPeopleAreSetOnceAndNotFoughtOver) {
    options.labels = {"images", "prod"};
    options.reviewers = {"ann", "gone"};
    options.teams = {"platform"};
    options.milestone = "Q4";
    forge.left = {"gone"};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(forge.at(1).labels, (std::vector<std::string>{"images", "prod"}));
    EXPECT_EQ(forge.at(1).reviewers, (std::vector<std::string>{"ann"}));
    EXPECT_EQ(forge.milestones[1], "Q4");
    EXPECT_EQ(answer.kind, "pull_request");
    ASSERT_EQ(answer.notes.size(), 1U);
    EXPECT_NE(answer.notes[0].find("could not ask gone"), std::string::npos);
    forge.at(1).labels = {"mine"};
    forge.at(1).reviewers.clear();
    forge.calls.clear();
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.calls.empty());
    options.labels = {"images", "new"};
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.at(1).reviewers.empty());
}

TEST_F(ProposerTest, WhatAPlatformHasNotIsLeftOut) {
    forge.can = {};
    forge.can.html_comments = false;
    options.labels = {"images"};
    options.reviewers = {"ann"};
    options.milestone = "Q4";
    options.automerge = true;
    options.draft_while_soaking = true;
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
    EXPECT_EQ(forge.calls, (std::vector<std::string>{"open"}));
    EXPECT_EQ(forge.at(1).body.find("<!--"), std::string::npos);
    EXPECT_TRUE(plan::read_state(forge.at(1).body));
    person_pushes_to_branch();
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
}

TEST_F(ProposerTest, ADecorationThatIsRefusedDoesNotStopIt) {
    options.labels = {"images"};
    forge.broken["add_labels"] = {Errc::Unauthorized, "the token lacks issues:write"};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_NE(answer.notes.at(0).find("issues:write"), std::string::npos);
}

TEST_F(ProposerTest, WhatTheTokenMayNotDoBeyondThePullRequestDoesNotStopIt) {
    options.automerge = true;
    options.checks_within = std::chrono::milliseconds{0};
    forge.mergeable = forge::Mergeable::Clean;
    const Error lacks{Errc::Unauthorized, "Resource not accessible by integration"};
    forge.broken["arm"] = lacks;
    forge.broken["merge"] = lacks;
    auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    ASSERT_EQ(answer.notes.size(), 2U);
    for (const auto& note : answer.notes) {
        EXPECT_NE(note.find("not accessible"), std::string::npos) << note;
    }
    EXPECT_EQ(forge.at(1).state, forge::State::Open);
}

TEST_F(ProposerTest, ADraftThatCanNotBeOneAnyMoreKeepsItsTextUp) {
    options.draft_while_soaking = true;
    auto request = wanting("1.1.0");
    request.proposal.soaks_until = now + std::chrono::minutes{30};
    look(std::move(request));
    forge.broken["update"] = {Errc::NotFound, "no GraphQL here"};
    const auto answer = look(wanting("1.2.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_NE(answer.notes.at(0).find("no GraphQL here"), std::string::npos);
    EXPECT_NE(forge.at(1).body.find("1.2.0"), std::string::npos);
}

TEST_F(ProposerTest, ABranchThatMayNotBeDeletedStays) {
    look(wanting("1.1.0"));
    remote.person_commits({{"app.yaml", "image: app:1.1.0\n"}}, "By hand");
    forge.broken["delete_branch"] = {Errc::InvalidInput, "Cannot delete this protected branch"};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "already_current");
    EXPECT_EQ(forge.at(1).state, forge::State::Closed);
    EXPECT_NE(answer.notes.back().find("protected"), std::string::npos);
}

TEST_F(ProposerTest, WhatIsInAMergeQueueIsTakenOutForANewCommit) {
    options.automerge = true;
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.at(1).auto_merge);
    // As GitHub does: branches that are queued for merging cannot be updated.
    const auto queued = sandbox / "queued";
    { std::ofstream{queued}; }
    remote.hook("update", "test ! -e " + queued);
    forge.disarmed = [&] { std::filesystem::remove(queued); };
    auto answer = look(wanting("1.2.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    EXPECT_TRUE(forge.at(1).auto_merge) << "and in again, with its new head";
    // Where a person queued it, their reviewed head is merged first.
    { std::ofstream{queued}; }
    lose_the_store();
    options.automerge = false;
    look(wanting("1.2.0"));
    auto request = wanting("1.3.0");
    request.counts = must(store->pull_requests().counts("prod", "", now));
    Proposer proposer{
        forge, *mirror, std::move(request), must(store->pull_requests().get("fleet", "prod", ""))};
    ASSERT_TRUE(must(proposer.decide()));
    const auto acted = proposer.act();
    ASSERT_TRUE(acted.has_error());
    EXPECT_TRUE(is_transient(acted.error().kind)) << acted.error().message;
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
}

TEST_F(ProposerTest, AHeadThatThePlatformHasNotNoticedYetIsWaitedFor) {
    options.automerge = true;
    forge.arm_answer = forge::HeadMoved{};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.again, now + std::chrono::minutes{1});
    EXPECT_EQ(forge.count("arm"), 2U) << "it may have been pushed to meanwhile";
}

TEST_F(ProposerTest, ADraftWhileItSoaks) {
    options.draft_while_soaking = true;
    options.automerge = true;
    auto request = wanting("1.1.0");
    request.proposal.soaks_until = now + std::chrono::minutes{30};
    look(std::move(request));
    EXPECT_TRUE(forge.at(1).draft);
    EXPECT_EQ(forge.count("arm"), 0U);
    look(wanting("1.1.0"));
    EXPECT_FALSE(forge.at(1).draft);
    EXPECT_TRUE(forge.at(1).auto_merge);
    // A person makes it a draft again: theirs.
    forge.at(1).draft = true;
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.at(1).draft);
}

TEST_F(ProposerTest, AutoMergeIsArmedInsideTheWindowOnly) {
    options.automerge = true;
    auto request = wanting("1.1.0");
    request.window_open = false;
    request.window_changes = now + std::chrono::hours{2};
    auto answer = look(std::move(request));
    EXPECT_FALSE(forge.at(1).auto_merge);
    EXPECT_EQ(answer.again, now + std::chrono::hours{2});
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.at(1).auto_merge);
    request = wanting("1.1.0");
    request.window_open = false;
    look(std::move(request));
    EXPECT_FALSE(forge.at(1).auto_merge);
}

TEST_F(ProposerTest, ANewCommitArmsAgainAndAPersonsNoStays) {
    options.automerge = true;
    look(wanting("1.1.0"));
    forge.at(1).auto_merge = false;
    look(wanting("1.1.0"));
    EXPECT_FALSE(forge.at(1).auto_merge) << "somebody took it off";
    look(wanting("1.2.0"));
    EXPECT_TRUE(forge.at(1).auto_merge) << "another head";
}

TEST_F(ProposerTest, MergedDirectlyWhereThePlatformHasNothingToWaitFor) {
    options.automerge = true;
    forge.arm_answer = forge::AlreadyMergeable{"clean status"};
    auto answer = look(wanting("1.1.0"));
    // Checks begin some time after a push: until then there never is anything to wait for.
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.again, now + std::chrono::minutes{1});
    now += std::chrono::minutes{1};
    // They have begun, and the platform waits only for those that are required.
    forge.at(1).mergeable = forge::Mergeable::Blocked;
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
    forge.at(1).mergeable = forge::Mergeable::Clean;
    answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "merged");
    EXPECT_EQ(remote.show("app.yaml"), "image: app:1.1.0\n");
}

TEST_F(ProposerTest, MergedDirectlyAtOnceWhereThereAreNoChecks) {
    options.automerge = true;
    options.checks_within = std::chrono::milliseconds{0};
    forge.can.auto_merge = false;
    forge.mergeable = forge::Mergeable::Clean;
    auto answer = look(wanting("1.1.0"));
    if (answer.kind != "merged") answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "merged");
}

TEST_F(ProposerTest, MergedDirectlyWhereAutoMergeIsSwitchedOff) {
    options.automerge = true;
    forge.arm_answer = forge::MergeRefused{"auto-merge is not allowed"};
    auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_TRUE(answer.again);
    now += std::chrono::minutes{1};
    forge.at(1).mergeable = forge::Mergeable::Clean;
    answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "merged");
}

TEST_F(ProposerTest, NotYetMergeableIsTriedAgain) {
    options.automerge = true;
    forge.arm_answer = forge::NotYet{"no pipeline yet"};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.again, now + std::chrono::minutes{1});
    EXPECT_EQ(row().look_at, now + std::chrono::minutes{1});
}

TEST_F(ProposerTest, LimitsWaitVisiblyAndOpenLater) {
    options.max_open = 1;
    auto other = store::PullRequest{.repository = "fleet", .target = "prod", .group = "other"};
    other.state = "open";
    other.updated_at = now;
    must(store->pull_requests().put(other));
    auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "waiting");
    EXPECT_NE(answer.reason.find("max_open"), std::string::npos);
    EXPECT_EQ(remote.git({"branch", "--list", "linkspan/*"}), "");
    EXPECT_EQ(row().waiting_since, now);
    other.state = "merged";
    must(store->pull_requests().put(other));
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
}

TEST_F(ProposerTest, TheHourlyLimitSaysWhen) {
    options.max_per_hour = 1;
    look(wanting("1.1.0"));
    forge.person_merges(1);
    look(wanting("1.1.0"));
    const auto opened = now;
    now += std::chrono::minutes{10};
    const auto answer = look(wanting("1.2.0"));
    EXPECT_EQ(answer.kind, "waiting");
    EXPECT_EQ(answer.again, opened + std::chrono::hours{1});
    now = opened + std::chrono::minutes{61};
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
}

TEST_F(ProposerTest, StatusesOfTheHeadAreSetOnce) {
    auto request = wanting("1.1.0");
    request.statuses = {{"linkspan/soak", "pending", "until noon"}};
    look(request);
    look(request);
    EXPECT_EQ(forge.statuses.size(), 1U);
    EXPECT_TRUE(forge.statuses[0].starts_with(remote.tip("linkspan/prod")));
    request.statuses[0].state = "success";
    look(request);
    EXPECT_EQ(forge.statuses.size(), 2U);
}

TEST_F(ProposerTest, CommitsThroughThePlatform) {
    options.api_commits = true;
    look(wanting("1.1.0"));
    EXPECT_EQ(branch_file(), "image: app:1.1.0\n");
    EXPECT_EQ(
        remote.git({"log", "-1", "--format=%an", "linkspan/prod"}).find("Linkspan"),
        std::string::npos
    );
    forge.calls.clear();
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
    EXPECT_TRUE(forge.calls.empty());
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
}

TEST_F(ProposerTest, TheRepositorysCommitStyleIsNoticed) {
    for (const char* subject : {"feat: a", "fix(web): b", "docs!: c"}) {
        remote.person_commits({{"x", subject}}, subject);
    }
    look(wanting("1.1.0"));
    EXPECT_EQ(forge.at(1).title, "chore(images): update app to 1.1.0 in prod");
    EXPECT_EQ(
        remote.git({"log", "-1", "--format=%s", "linkspan/prod"}),
        "chore(images): update app to 1.1.0 in prod"
    );
}

TEST_F(ProposerTest, ALostStoreFindsTheOpenOne) {
    look(wanting("1.1.0"));
    lose_the_store();
    forge.calls.clear();
    EXPECT_EQ(look(wanting("1.1.0")).number, 1);
    EXPECT_TRUE(forge.calls.empty());
    lose_the_store();
    EXPECT_EQ(look(wanting("1.2.0")).number, 1);
    EXPECT_EQ(forge.pulls.size(), 1U);
}

TEST_F(ProposerTest, TwoReplicasAtOnceOpenOne) {
    // The other one opened it between our look and our call.
    forge.broken["open"] = {Errc::Conflict, "a pull request already exists"};
    EXPECT_EQ(look(wanting("1.1.0")).number, 1);
    EXPECT_EQ(forge.pulls.size(), 1U);
}

TEST_F(ProposerTest, AConflictThatStaysIsTriedAgainLater) {
    forge.always_broken["open"] = {Errc::Conflict, "a pull request already exists"};
    const auto error = [&]() -> std::optional<Error> {
        Proposer proposer{forge, *mirror, wanting("1.1.0"), std::nullopt};
        for (;;) {
            auto more = proposer.decide();
            if (more.has_error()) return more.error();
            if (!*more) return std::nullopt;
            if (auto status = proposer.act(); status.has_error()) return status.error();
        }
    }();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, Errc::Unavailable);
    EXPECT_NE(error->message.find("already exists"), std::string::npos) << error->message;
    EXPECT_LT(forge.count("open"), 10U);
}

TEST_F(ProposerTest, AnotherReplicaThatPushedTheSameIsNoPerson) {
    look(wanting("1.1.0"));
    auto mine = std::exchange(store, must(store::Store::open(":memory:")));
    now += std::chrono::minutes{5};
    look(wanting("1.1.0"));
    look(wanting("1.2.0"));
    const auto head = remote.tip("linkspan/prod");
    std::swap(mine, store);
    now += std::chrono::minutes{5};
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    EXPECT_EQ(remote.tip("linkspan/prod"), head);
    EXPECT_EQ(forge.count("comment"), 0U);
    EXPECT_EQ(forge.pulls.size(), 1U);
}

// Bitbucket and Azure DevOps see a push some time after it.
TEST_F(ProposerTest, APlatformThatHasNotSeenThePushYetIsAskedAgainLater) {
    options.automerge = true;
    forge.arm_answer = forge::HeadMoved{};
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.again, now + std::chrono::minutes{1});
    EXPECT_EQ(forge.count("arm"), 2U);
    forge.arm_answer = forge::Armed{};
    look(wanting("1.1.0"));
    EXPECT_TRUE(forge.at(1).auto_merge);
}

}  // namespace
}  // namespace linkspan::pipeline
