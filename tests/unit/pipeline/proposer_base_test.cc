// A pull request that goes elsewhere: sent there by a person, or by the configuration; another
// branch name, another repository.
#include "tests/unit/pipeline/proposing.h"

namespace linkspan::pipeline {
namespace {

class ProposerBase : public Proposing {
protected:
    ProposerBase() {
        remote.git({"branch", "staging", "main"});
        remote.git({"branch", "release", "main"});
    }
    std::size_t said_with(const std::string& words) {
        return static_cast<std::size_t>(std::count_if(
            forge.said[1].begin(),
            forge.said[1].end(),
            [&](const auto& one) { return one.body.find(words) != std::string::npos; }
        ));
    }
};

TEST_F(ProposerBase, SentElsewhereByAPersonItIsLeftAloneAndSaidOnce) {
    options.automerge = true;
    look(wanting("1.1.0"));
    ASSERT_TRUE(forge.at(1).auto_merge);
    const auto head = remote.tip("linkspan/prod");
    forge.at(1).base = "staging";
    for (int i = 0; i < 3; ++i) {
        const auto answer = look(wanting("1.2.0"));
        EXPECT_EQ(answer.kind, "held");
        EXPECT_NE(answer.reason.find("staging"), std::string::npos) << answer.reason;
    }
    EXPECT_FALSE(forge.at(1).auto_merge);
    EXPECT_EQ(remote.tip("linkspan/prod"), head);
    EXPECT_EQ(said_with("leaves it alone"), 1U);
    EXPECT_EQ(forge.pulls.size(), 1U) << "they would share the branch";
    EXPECT_EQ(forge.count("update"), 0U);
}

TEST_F(ProposerBase, SetBackByThePersonItGoesOn) {
    look(wanting("1.1.0"));
    for (int i = 0; i < 2; ++i) {
        forge.at(1).base = "staging";
        look(wanting("1.2.0"));
        forge.at(1).base = "main";
        EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
        EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    }
    EXPECT_EQ(said_with("leaves it alone"), 2U) << "the second time is another";
}

TEST_F(ProposerBase, SetBackWhenSomebodyWhoMayWriteAsks) {
    look(wanting("1.1.0"));
    forge.said[1].push_back({"8", "ann", "linkspan rebuild"});
    forge.at(1).base = "staging";
    look(wanting("1.1.0"));
    forge.said[1].push_back({"9", "stranger", "linkspan rebuild"});
    EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
    forge.said[1].push_back({"10", "ann", "linkspan rebuild"});
    EXPECT_EQ(look(wanting("1.2.0")).kind, "pull_request");
    EXPECT_EQ(forge.at(1).base, "main");
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    // Answered once.
    forge.at(1).base = "staging";
    EXPECT_EQ(look(wanting("1.2.0")).kind, "held");
}

TEST_F(ProposerBase, WhereItCantBeSetBackAnotherOneIsOpened) {
    look(wanting("1.1.0"));
    forge.at(1).base = "staging";
    look(wanting("1.1.0"));
    forge.broken["update"] = {Errc::InvalidInput, "retargeting is not enabled"};
    auto& body = forge.at(1).body;
    body.replace(body.find("- [ ]"), 5, "- [x]");
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.number, 2);
    EXPECT_EQ(forge.at(1).state, forge::State::Closed);
    EXPECT_EQ(forge.at(2).base, "main");
    EXPECT_EQ(said_with("opens another one"), 1U);
    EXPECT_TRUE(must(store->holds().list(now)).empty());
    // The tick of the new one is another.
    person_pushes_to_branch();
    look(wanting("1.1.0"));
    auto& second = forge.at(2).body;
    second.replace(second.find("- [ ]"), 5, "- [x]");
    EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
}

TEST_F(ProposerBase, ClosedElsewhereByAPersonIsHeld) {
    look(wanting("1.1.0"));
    forge.at(1).base = "staging";
    look(wanting("1.1.0"));
    forge.person_closes(1);
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(forge.pulls.size(), 1U);
}

TEST_F(ProposerBase, MergedElsewhereIsNoMergeHere) {
    look(wanting("1.1.0"));
    forge.at(1).base = "staging";
    forge.person_merges(1);
    const auto answer = look(wanting("1.1.0"));
    EXPECT_EQ(answer.kind, "pull_request");
    EXPECT_EQ(answer.number, 2);
    EXPECT_EQ(remote.show("app.yaml"), "image: app:1.0.0\n");
    EXPECT_EQ(row().state, "open");
}

TEST_F(ProposerBase, AfterALostStoreTheOneThatWentElsewhereIsFound) {
    look(wanting("1.1.0"));
    forge.at(1).base = "staging";
    lose_the_store();
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_EQ(forge.pulls.size(), 1U);
    EXPECT_EQ(forge.at(1).base, "staging");
}

TEST_F(ProposerBase, APersonsOwnFromTheBranchToAnotherBaseIsTheirs) {
    look(wanting("1.1.0"));
    forge::PullRequest theirs;
    theirs.number = 2;
    theirs.head = "linkspan/prod";
    theirs.base = "staging";
    theirs.title = "Try it on staging";
    forge.pulls.push_back(theirs);
    lose_the_store();
    EXPECT_EQ(look(wanting("1.2.0")).number, 1);
    EXPECT_EQ(forge.at(2).body, "");
    EXPECT_EQ(forge.at(2).title, "Try it on staging");
}

TEST_F(ProposerBase, SentElsewhereJustBeforeItIsMerged) {
    options.automerge = true;
    options.labels = {"images"};
    forge.before["add_labels"] = [&] { forge.at(1).base = "staging"; };
    EXPECT_EQ(look(wanting("1.1.0")).kind, "held");
    EXPECT_FALSE(forge.at(1).auto_merge);
    EXPECT_EQ(forge.count("arm"), 0U);
}

TEST_F(ProposerBase, TheWindowClosesJustBeforeItIsMerged) {
    options.automerge = true;
    auto request = wanting("1.1.0");
    request.window_still_open = [] { return false; };
    EXPECT_EQ(look(std::move(request)).kind, "pull_request");
    EXPECT_EQ(forge.count("arm"), 0U);
}

TEST_F(ProposerBase, TheConfigurationsNewBaseIsWhereItGoes) {
    options.automerge = true;
    look(wanting("1.1.0"));
    base_branch = "release";
    EXPECT_EQ(look(wanting("1.1.0")).number, 1);
    EXPECT_EQ(forge.at(1).base, "release");
    EXPECT_EQ(forge.pulls.size(), 1U);
    EXPECT_TRUE(forge.said[1].empty());
    const auto disarmed = std::find(forge.calls.begin(), forge.calls.end(), "disarm");
    const auto moved = std::find(forge.calls.begin(), forge.calls.end(), "update");
    EXPECT_LT(disarmed, moved) << "not merged into the old one meanwhile";
}

TEST_F(ProposerBase, AnotherBranchNameCountsForTheNextOne) {
    look(wanting("1.1.0"));
    options.branch = "bump/{target}";
    EXPECT_EQ(look(wanting("1.2.0")).number, 1);
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    EXPECT_EQ(forge.pulls.size(), 1U);
    forge.person_merges(1);
    EXPECT_EQ(look(wanting("1.3.0")).number, 2);
    EXPECT_EQ(forge.at(2).head, "bump/prod");
    EXPECT_EQ(remote.git({"branch", "--list", "linkspan/*"}), "");
}

TEST_F(ProposerBase, ANumberThatIsSomebodyElsesIsLeftAlone) {
    look(wanting("1.1.0"));
    // The repository is another one now.
    forge.pulls.clear();
    remote.person_commits({{"x.yaml", "a: 1\n"}}, "A feature", "feature");
    forge::PullRequest theirs;
    theirs.number = 1;
    theirs.head = "feature";
    theirs.base = "main";
    theirs.title = "A feature";
    forge.pulls.push_back(theirs);
    EXPECT_EQ(look(wanting("1.2.0")).number, 2);
    EXPECT_EQ(forge.at(1).title, "A feature");
    EXPECT_EQ(forge.at(1).body, "");
}

}  // namespace
}  // namespace linkspan::pipeline
