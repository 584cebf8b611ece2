// next_step() as a table: a sentence of the life, and the step that follows from it.
#include "core/plan/pull_request_life.h"

#include <gtest/gtest.h>

#include <functional>

namespace linkspan::plan {
namespace {

struct World {
    Memory memory;
    std::vector<SeenPullRequest> seen;
    SeenBranch branch;
    Wanted wanted;
    Abilities able{
        .labels = true,
        .people = true,
        .milestones = true,
        .drafts = true,
        .auto_merge = true,
        .comments = true,
        .statuses = true};
};

const CarriedImage kImage{"registry.example.com/acme/app", "app", "1.1.0", ""};

// An open pull request with which all is well.
World at_rest() {
    World w;
    w.wanted.images = {kImage};
    w.wanted.base = "main";
    w.wanted.title = "Update app";
    w.wanted.body = "body";
    w.memory.number = 7;
    w.memory.head = "ours";
    w.memory.images = {kImage};
    w.memory.title = "Update app";
    w.memory.body = fingerprint("body");
    w.memory.base = "main";
    w.seen = {{.number = 7, .title = "Update app", .body = "body", .head = "ours", .base = "main"}};
    w.branch = {.head = "ours", .ours = true, .on_base = true, .same_tree = true};
    return w;
}

struct Case {
    const char* sentence;
    std::function<void(World&)> change;
    const char* step;
};

class Life : public testing::TestWithParam<Case> {};

TEST_P(Life, NextStep) {
    World w = at_rest();
    GetParam().change(w);
    const Step step = next_step(w.memory, w.seen, w.branch, w.wanted, w.able);
    EXPECT_EQ(step_name(step), GetParam().step) << GetParam().sentence;
}

const Case kCases[] = {
    {"nothing is written when nothing changed", [](World&) {}, "done"},
    {"a new story begins with the branch",
     [](World& w) {
         w.memory = {};
         w.seen.clear();
         w.branch = {};
     },
     "push"},
    {"then it is opened",
     [](World& w) {
         w.memory = {.head = "ours"};
         w.seen.clear();
     },
     "open"},
    {"an open one that we forgot is found", [](World& w) { w.memory = {}; }, "adopt"},
    {"rebuilt when the base moved", [](World& w) { w.branch.on_base = false; }, "push"},
    {"rebuilt when the decision changed", [](World& w) { w.branch.same_tree = false; }, "push"},
    {"the text follows", [](World& w) { w.wanted.body = "other"; }, "update"},
    {"a person's title stays",
     [](World& w) {
         w.seen[0].title = "Mine";
         w.wanted.title = "New";
     },
     "done"},
    {"blanks that a platform drops make no title of a person's",
     [](World& w) {
         w.memory.title = " Update  app ";
         w.wanted.title = "Update app 2";
     },
     "update"},
    {"and are no difference", [](World& w) { w.wanted.title = " Update  app "; }, "done"},
    {"edited by a person: said",
     [](World& w) {
         w.branch.head = "theirs";
         w.branch.same_tree = false;
     },
     "say"},
    {"edited by a person: once",
     [](World& w) {
         w.branch.head = "theirs";
         w.memory.said = {"edited"};
     },
     "leave alone"},
    {"edited by a person: no automatic merge of it",
     [](World& w) {
         w.branch.head = "theirs";
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"edited by a person, until they ask",
     [](World& w) {
         w.branch.head = "theirs";
         w.wanted.rebuild = "comment:1";
     },
     "push"},
    {"a person's commits that were merged: the branch is free again",
     [](World& w) {
         w.memory = {.head = "ours"};
         w.seen.clear();
         w.branch = {.head = "theirs", .landed = true};
     },
     "push"},
    {"a person's commits on a branch of nobody",
     [](World& w) {
         w.memory = {.head = "ours"};
         w.seen.clear();
         w.branch = {.head = "theirs"};
     },
     "leave alone"},
    {"a person's head without a change, while it is open",
     [](World& w) {
         w.branch = {.head = "theirs", .landed = true};
         w.memory.said = {"edited"};
     },
     "leave alone"},
    {"asked and answered",
     [](World& w) {
         w.wanted.rebuild = "comment:1";
         w.memory.rebuild_done = "comment:1";
     },
     "done"},
    {"without memory the authors tell: a person's",
     [](World& w) {
         w.memory = {.number = 7};
         w.branch.ours = false;
         w.memory.said = {"edited"};
     },
     "leave alone"},
    {"our push before a crash is no person's",
     [](World& w) {
         w.branch.head = "intended";
         w.memory.intended = "intended";
     },
     "done"},
    {"merged: recorded", [](World& w) { w.seen[0].state = SeenState::Merged; }, "merged"},
    {"closed by a person: ignored",
     [](World& w) { w.seen[0].state = SeenState::Closed; },
     "ignore"},
    {"closed by us: recorded",
     [](World& w) {
         w.seen[0].state = SeenState::Closed;
         w.memory.closing = true;
     },
     "record closed"},
    {"wanted again after we were about to close it: a close from now on is a person's",
     [](World& w) {
         BodyState ended;
         ended.target = "prod";
         ended.ended = "superseded";
         w.seen[0].body = "body\n" + write_state(ended, true, 4000);
     },
     "update"},
    {"sent to another base by a person: said", [](World& w) { w.seen[0].base = "staging"; }, "say"},
    {"sent to another base by a person: once",
     [](World& w) {
         w.seen[0].base = "staging";
         w.memory.said = {"retargeted"};
         w.branch.same_tree = false;
     },
     "leave alone"},
    {"sent to another base by a person: no automatic merge of it",
     [](World& w) {
         w.seen[0].base = "staging";
         w.wanted.auto_merge = true;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"sent to another base by a person: not merged by us",
     [](World& w) {
         w.seen[0].base = "staging";
         w.memory.said = {"retargeted"};
         w.wanted.auto_merge = true;
         w.able.auto_merge = false;
         w.seen[0].clean = true;
     },
     "leave alone"},
    {"sent to another base by a person, and nothing is left to do: not closed",
     [](World& w) {
         w.seen[0].base = "staging";
         w.memory.said = {"retargeted"};
         w.wanted.wanted = false;
     },
     "leave alone"},
    {"set back when somebody asks",
     [](World& w) {
         w.seen[0].base = "staging";
         w.wanted.rebuild = "comment:1";
     },
     "update"},
    {"where it can't be set back, said",
     [](World& w) {
         w.seen[0].base = "staging";
         w.wanted.rebuild = "comment:1";
         w.able.retarget = false;
     },
     "say"},
    {"where it can't be set back, closed for another one",
     [](World& w) {
         w.seen[0].base = "staging";
         w.wanted.rebuild = "comment:1";
         w.able.retarget = false;
         w.memory.said = {"closing:7"};
     },
     "close"},
    {"set back by whoever sent it away: goes on",
     [](World& w) { w.memory.said = {"retargeted"}; },
     "done"},
    {"the configuration names another base: sent there",
     [](World& w) { w.wanted.base = "release"; },
     "update"},
    {"the configuration names another base: not merged into the old one",
     [](World& w) {
         w.wanted.base = "release";
         w.wanted.auto_merge = true;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"the branch of one that was merged with commits of others is free again",
     [](World& w) {
         w.memory = {.handled = 7, .head = "ours", .merged_head = "theirs"};
         w.seen.clear();
         w.branch = {.head = "theirs"};
     },
     "push"},
    {"and stays when there is nothing to propose",
     [](World& w) {
         w.memory = {.handled = 7, .head = "ours", .merged_head = "theirs"};
         w.seen.clear();
         w.branch = {.head = "theirs"};
         w.wanted.wanted = false;
     },
     "done"},
    {"a branch that the base has whole is free",
     [](World& w) {
         w.memory = {.handled = 7, .head = "ours"};
         w.seen.clear();
         w.branch = {.head = "theirs", .ours = true, .landed = true};
     },
     "push"},
    {"an image that a person ignored", [](World& w) { w.wanted.ignored = {kImage}; }, "held"},
    {"the same tag with another digest is another image",
     [](World& w) {
         w.wanted.ignored = {kImage};
         w.wanted.ignored[0].digest = "sha256:00";
     },
     "done"},
    {"a tag that was closed when no digest was written is the same with one",
     [](World& w) {
         w.wanted.ignored = {kImage};
         w.wanted.images[0].digest = "sha256:00";
     },
     "held"},
    {"armed before somebody closed another one with the same image",
     [](World& w) {
         w.wanted.ignored = {kImage};
         w.wanted.auto_merge = true;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"in the base already: said", [](World& w) { w.wanted.wanted = false; }, "say"},
    {"in the base already: closed",
     [](World& w) {
         w.wanted.wanted = false;
         w.memory.said = {"closing:7"};
     },
     "close"},
    {"in the base already, and a person's: not closed",
     [](World& w) {
         w.wanted.wanted = false;
         w.branch.head = "theirs";
         w.memory.said = {"no-longer-wanted"};
     },
     "leave alone"},
    {"our branch goes with it",
     [](World& w) {
         w.wanted.wanted = false;
         w.memory.number = 0;
         w.seen.clear();
     },
     "delete branch"},
    {"a person's branch stays",
     [](World& w) {
         w.wanted.wanted = false;
         w.memory.number = 0;
         w.seen.clear();
         w.branch.head = "theirs";
     },
     "done"},
    {"limits hold back new ones",
     [](World& w) {
         w.memory = {};
         w.seen.clear();
         w.branch = {};
         w.wanted.may_open = 0;
     },
     "wait"},
    {"limits do not hold back updates",
     [](World& w) {
         w.branch.same_tree = false;
         w.wanted.may_open = 0;
     },
     "push"},
    {"labels are put on", [](World& w) { w.wanted.labels = {"a"}; }, "label"},
    {"a label that a person took off stays off",
     [](World& w) {
         w.wanted.labels = {"a"};
         w.memory.labels = {"a"};
     },
     "done"},
    {"a label of ours that is not configured any more goes",
     [](World& w) {
         w.memory.labels = {"a"};
         w.seen[0].labels = {"a"};
     },
     "label"},
    {"a label of people stays", [](World& w) { w.seen[0].labels = {"a"}; }, "done"},
    {"people are asked", [](World& w) { w.wanted.people = {"reviewer:ann"}; }, "ask"},
    {"people are asked once",
     [](World& w) {
         w.wanted.people = {"reviewer:ann"};
         w.memory.asked = {"reviewer:ann"};
     },
     "done"},
    {"a milestone", [](World& w) { w.wanted.milestone = "Q4"; }, "milestone"},
    {"a status",
     [](World& w) {
         w.wanted.statuses = {{"linkspan/soak", "pending", ""}};
     },
     "status"},
    {"ready when it has soaked",
     [](World& w) {
         w.memory.draft = true;
         w.seen[0].draft = true;
     },
     "update"},
    {"a draft that a person made stays one", [](World& w) { w.seen[0].draft = true; }, "done"},
    {"auto-merge is armed", [](World& w) { w.wanted.auto_merge = true; }, "arm"},
    {"disarmed before anything else is done when it may not be merged any more",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.wanted.draft = true;
         w.branch.same_tree = false;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"disarmed before it is closed",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.wanted.wanted = false;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"armed by us just before a crash",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.wanted.window_open = false;
         w.memory.arming = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"disarmed before another head is pushed, which is armed for itself",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.branch.same_tree = false;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"not armed for a push that the platform has not seen yet",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.seen[0].head = "before";
     },
     "done"},
    {"another head by our name, made just now: another service's, nothing to tell",
     [](World& w) { w.branch = {.head = "theirs", .ours = true, .just_made = true}; },
     "leave alone"},
    {"armed once for a head",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "done"},
    {"not outside its window",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.wanted.window_open = false;
     },
     "done"},
    {"disarmed when the window closes",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.wanted.window_open = false;
         w.memory.armed_head = "ours";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"armed for an older head: taken off, and armed anew",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.memory.armed_head = "older";
         w.seen[0].auto_merge = true;
     },
     "disarm"},
    {"taken off by a person: not armed again for this head",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.memory.armed_head = "ours";
     },
     "done"},
    {"what a person armed stays armed",
     [](World& w) {
         w.wanted.window_open = false;
         w.seen[0].auto_merge = true;
     },
     "done"},
    {"merged by us where the platform can't",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.able.auto_merge = false;
         w.seen[0].clean = true;
     },
     "merge"},
    {"not before checks had time to begin",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.wanted.checks_begin_by = Time{std::chrono::hours{1}};
         w.able.auto_merge = false;
         w.seen[0].clean = true;
     },
     "done"},
    {"not before it may be",
     [](World& w) {
         w.wanted.auto_merge = true;
         w.able.auto_merge = false;
     },
     "done"},
    {"what a platform has not is not asked for",
     [](World& w) {
         w.able = {};
         w.wanted.labels = {"a"};
         w.wanted.people = {"reviewer:ann"};
         w.wanted.milestone = "Q4";
         w.wanted.draft = true;
         w.wanted.statuses = {{"linkspan/soak", "pending", ""}};
     },
     "done"},
};

TEST(LifeOfImages, WhoClosedItHasSeenTheHeadThatItHad) {
    World w = at_rest();
    const CarriedImage newer{kImage.image, kImage.policy, "1.2.0", ""};
    w.memory.earlier_head = "ours";
    w.memory.earlier_images = {kImage};
    w.memory.images = {newer};
    w.memory.intended = "newer";
    w.seen[0].state = SeenState::Closed;
    auto step = next_step(w.memory, w.seen, w.branch, w.wanted, w.able);
    EXPECT_EQ(std::get<step::Ignore>(step).images, std::vector{kImage});
    w.memory.head = w.seen[0].head = "newer";
    step = next_step(w.memory, w.seen, w.branch, w.wanted, w.able);
    EXPECT_EQ(std::get<step::Ignore>(step).images, std::vector{newer});
}

TEST(LifeOfImages, MergedElsewhereIsTold) {
    World w = at_rest();
    w.seen[0].state = SeenState::Merged;
    auto step = next_step(w.memory, w.seen, w.branch, w.wanted, w.able);
    EXPECT_EQ(std::get<step::RecordMerged>(step).elsewhere, "");
    w.seen[0].base = "staging";
    step = next_step(w.memory, w.seen, w.branch, w.wanted, w.able);
    EXPECT_EQ(std::get<step::RecordMerged>(step).elsewhere, "staging");
}

INSTANTIATE_TEST_SUITE_P(Sentences, Life, testing::ValuesIn(kCases));

}  // namespace
}  // namespace linkspan::plan
