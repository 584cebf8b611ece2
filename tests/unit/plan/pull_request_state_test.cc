#include "core/plan/pull_request_state.h"

#include <gtest/gtest.h>

namespace linkspan::plan {
namespace {

BodyState sample() {
    BodyState state;
    state.target = "prod";
    state.group = "a --> b)\r\n<!--";
    state.images = {{"registry.example.com/acme/app", "ns:app", "1--2", "sha256:00"}};
    state.decision = fingerprint(state.images);
    return state;
}

TEST(PullRequestState, ComesBackFromACommentAndFromADefinition) {
    for (const bool html : {true, false}) {
        const std::string text = write_state(sample(), html, 4000);
        EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
        EXPECT_EQ(read_state(text), sample());
        EXPECT_EQ(read_state("before\r\n\r\n" + text + "\r\nafter -->)"), sample());
    }
}

TEST(PullRequestState, AnEditedOneIsNone) {
    std::string text = write_state(sample(), true, 4000);
    text.replace(text.find("prod"), 4, "prod2");
    EXPECT_EQ(read_state(text), std::nullopt);
    EXPECT_EQ(read_state(""), std::nullopt);
    EXPECT_EQ(read_state("linkspan:v1 target=x sum=0"), std::nullopt);
    // The one before it counts then.
    EXPECT_EQ(read_state(write_state(sample(), true, 4000) + "\n" + text), sample());
}

TEST(PullRequestState, IsCutToItsRoom) {
    BodyState state = sample();
    for (int i = 0; i < 100; ++i) state.images.push_back(state.images[0]);
    const std::string text = write_state(state, true, 400);
    EXPECT_LE(text.size(), 420U);
    const auto back = read_state(text).value();
    EXPECT_EQ(back.images.size() + back.left_out, 101U);
    EXPECT_EQ(back.decision, state.decision);
}

TEST(PullRequestState, Ended) {
    const std::string body = "hello\n" + write_state(sample(), true, 4000) + "\nthere";
    EXPECT_EQ(read_state(mark_ended(body, "superseded", true))->ended, "superseded");
    EXPECT_EQ(mark_ended("no state", "x", true), "no state");
}

TEST(PullRequestState, KnowsOurTitle) {
    const std::string body = "hello\n" + write_state(sample(), true, 4000) + "\nthere";
    const std::string marked = mark_title(body, " Update  app\n", true);
    EXPECT_EQ(read_state(marked)->title, fingerprint("Update app"));
    EXPECT_LE(marked.size(), body.size() + kTitleMark);
    EXPECT_EQ(read_state(marked)->images, sample().images);
    EXPECT_EQ(read_state(mark_ended(marked, "x", true))->title, fingerprint("Update app"));
    EXPECT_EQ(mark_title("no state", "x", true), "no state");
}

TEST(PullRequestState, ATickOutsideOfOursAsksForNothing) {
    const std::string ours = rebuild_checkbox(true) + "\n" + write_state(sample(), true, 4000);
    std::string body = put_into("- [x] Rebuild this branch", ours, true, 10000);
    EXPECT_FALSE(rebuild_is_ticked(body)) << "it would be asked for with every look";
    body.replace(body.find("- [ ]"), 5, "- [x]");
    EXPECT_TRUE(rebuild_is_ticked(body));
}

TEST(PullRequestState, WhatPeopleWroteStaysWhenAMarkIsGone) {
    const std::string ours = "text\n\n" + write_state(sample(), true, 4000);
    const std::string whole = "Hello\n\n" + put_into("", ours, true, 10000) + "\n\nBye";
    std::string headless = whole;
    const auto mark = begin_mark(true);
    headless.erase(headless.find(mark), mark.size());
    EXPECT_TRUE(put_into(headless, ours, true, 10000).ends_with("\n\nBye"));
    const std::string tailless = whole.substr(0, whole.find("<!-- linkspan:v1"));
    EXPECT_TRUE(put_into(tailless, ours, true, 10000).starts_with("Hello\n\n"));
}

TEST(PullRequestState, RebuildIsAskedFor) {
    EXPECT_FALSE(rebuild_is_ticked(rebuild_checkbox(true)));
    EXPECT_TRUE(rebuild_is_ticked("a\r\n- [X] <!-- linkspan:rebuild -->Rebuild this branch\r\n"));
    EXPECT_TRUE(rebuild_is_ticked("* [x] Rebuild this branch"));
    EXPECT_FALSE(rebuild_is_ticked("- [x] something else"));
    for (const char* yes :
         {"linkspan rebuild", "/linkspan rebuild", "Hi\r\n@bot Linkspan rebuild \r\n"}) {
        EXPECT_TRUE(asks_for_rebuild(yes)) << yes;
    }
    for (const char* no :
         {"", "> linkspan rebuild", "comment `linkspan rebuild` please", "linkspan rebuild now"}) {
        EXPECT_FALSE(asks_for_rebuild(no)) << no;
    }
}

TEST(PullRequestState, PeoplesTextStaysUnlessItDoesNotFit) {
    const std::string ours = "text\n\n" + write_state(sample(), true, 4000);
    const std::string first = put_into("", ours, true, 10000);
    EXPECT_EQ(ours_in(first), ours);
    const std::string edited = "Hello\r\n" + first + "\r\nBye";
    const std::string other = "new\n\n" + write_state(sample(), true, 4000);
    const std::string second = put_into(edited, other, true, 10000);
    EXPECT_TRUE(second.starts_with("Hello\n\n"));
    EXPECT_TRUE(second.ends_with("\n\nBye"));
    EXPECT_EQ(ours_in(second), other);
    const std::string tight = put_into(edited, other, true, other.size() + 30);
    EXPECT_EQ(tight.find("Hello"), std::string::npos);
    EXPECT_EQ(ours_in(tight), other);
}

}  // namespace
}  // namespace linkspan::plan
