// Killed between any two steps, and failed inside each: the same from the beginning ends in one
// pull request in the right state.
#include "tests/unit/pipeline/proposing.h"

namespace linkspan::pipeline {
namespace {

class ProposerCrash : public Proposing {
protected:
    ProposerCrash() {
        options.labels = {"images"};
        options.reviewers = {"ann"};
        options.milestone = "Q4";
        options.automerge = true;
    }
    // The process dies at each of its points in turn, until it lives through. How many points.
    int die_everywhere(const std::function<ProposeRequest()>& request) {
        for (int point = 0; point < 100; ++point) {
            try {
                look(request(), point);
                return point;
            } catch (const Killed&) {
            }
        }
        ADD_FAILURE() << "no end";
        return 0;
    }
};

TEST_F(ProposerCrash, WhileItIsOpened) {
    EXPECT_GE(die_everywhere([&] { return wanting("1.1.0"); }), 1);
    EXPECT_EQ(forge.pulls.size(), 1U);
    EXPECT_EQ(branch_file(), "image: app:1.1.0\n");
    EXPECT_EQ(forge.at(1).labels, (std::vector<std::string>{"images"}));
    EXPECT_TRUE(forge.at(1).auto_merge);
    EXPECT_EQ(row().state, "open");
    EXPECT_TRUE(must(store->holds().list(now)).empty());
    EXPECT_TRUE(forge.said[1].empty());
}

// Each point alone, from a fresh start.
TEST_F(ProposerCrash, AtEachPointOfOpening) {
    for (int point = 0; point < 14; ++point) {
        SCOPED_TRACE(point);
        Proposing::lose_the_store();
        forge.pulls.clear();
        forge.said.clear();
        if (!remote.git({"branch", "--list", "linkspan/*"}).empty()) {
            remote.git({"update-ref", "-d", "refs/heads/linkspan/prod"});
        }
        try {
            look(wanting("1.1.0"), point);
        } catch (const Killed&) {
        }
        const auto answer = look(wanting("1.1.0"));
        EXPECT_EQ(answer.kind, "pull_request");
        EXPECT_EQ(forge.pulls.size(), 1U);
        EXPECT_TRUE(forge.at(1).auto_merge);
        EXPECT_EQ(forge.at(1).labels, (std::vector<std::string>{"images"}));
        EXPECT_EQ(remote.git({"rev-list", "--count", "main..linkspan/prod"}), "1");
    }
}

TEST_F(ProposerCrash, WhileItIsUpdated) {
    look(wanting("1.1.0"));
    die_everywhere([&] { return wanting("1.2.0"); });
    EXPECT_EQ(forge.pulls.size(), 1U);
    EXPECT_EQ(branch_file(), "image: app:1.2.0\n");
    EXPECT_EQ(forge.at(1).title, "Update app to 1.2.0 in prod");
    EXPECT_TRUE(forge.said[1].empty()) << "our own head was taken for a person's";
}

TEST_F(ProposerCrash, WhileItIsClosed) {
    look(wanting("1.1.0"));
    remote.person_commits({{"app.yaml", "image: app:1.1.0\n"}}, "By hand");
    die_everywhere([&] { return wanting("1.1.0"); });
    EXPECT_EQ(forge.at(1).state, forge::State::Closed);
    EXPECT_EQ(forge.said[1].size(), 1U);
    EXPECT_TRUE(must(store->holds().list(now)).empty()) << "our closing was taken for a person's";
    EXPECT_EQ(remote.git({"branch", "--list", "linkspan/*"}), "");
}

TEST_F(ProposerCrash, WhileAnEditIsSaid) {
    look(wanting("1.1.0"));
    person_pushes_to_branch();
    die_everywhere([&] { return wanting("1.2.0"); });
    EXPECT_EQ(forge.said[1].size(), 1U);
}

TEST_F(ProposerCrash, WithCommitsOfThePlatform) {
    options.api_commits = true;
    die_everywhere([&] { return wanting("1.1.0"); });
    EXPECT_EQ(forge.pulls.size(), 1U);
    EXPECT_EQ(row().state, "open");
    EXPECT_TRUE(forge.said[1].empty());
}

// 5xx and timeouts, before and after the effect.
TEST_F(ProposerCrash, AFailureOfEachCallIsRepaired) {
    for (const char* call : {"open", "add_labels", "ask", "set_milestone", "arm"}) {
        for (const char* when : {"", "after:"}) {
            SCOPED_TRACE(std::string{when} + call);
            lose_the_store();
            forge.pulls.clear();
            if (!remote.git({"branch", "--list", "linkspan/*"}).empty()) {
                remote.git({"update-ref", "-d", "refs/heads/linkspan/prod"});
            }
            forge.broken[std::string{when} + call] = {Errc::Unavailable, "502"};
            EXPECT_THROW(look(wanting("1.1.0")), std::runtime_error);
            EXPECT_EQ(look(wanting("1.1.0")).kind, "pull_request");
            EXPECT_EQ(forge.pulls.size(), 1U);
            EXPECT_TRUE(forge.at(1).auto_merge);
            EXPECT_EQ(forge.at(1).labels, (std::vector<std::string>{"images"}));
        }
    }
}

}  // namespace
}  // namespace linkspan::pipeline
