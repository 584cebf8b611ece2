// next_step(): the life of a pull request, as one pure function over what is remembered, what is
// seen, and what is wanted.
//
// The caller looks, asks for the next step, writes down that it will do it, does it, writes down
// that it was done, and asks again until the step is an end. After a crash it begins with looking:
// whatever was done is seen, whatever was not is asked for again. Nothing here knows a platform;
// what one can't do is in Abilities.
//
//     (none) ──push, open──▶ open ──merged by anybody──▶ recorded, branch deleted if ours
//                             │ ──closed by a person──▶ its images are ignored
//                             │ ──nothing left to do──▶ closed with a sentence, branch deleted
//                             │ ──a person pushed, or sent it to another base
//                             │                    ──▶ left alone, said once, until asked for
//                             └──rebuilt, updated, labelled, armed, merged ◀─ while it is open
#pragma once

#include "core/plan/pull_request_state.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::plan {

using Time = std::chrono::system_clock::time_point;

// A newer tag that is not in it, and why.
struct RefusedTag {
    std::string image{};
    std::string policy{};
    std::string tag{};
    std::string reason{};
    bool by_gate = false;  // else by the policy's rules for tags
    friend bool operator==(const RefusedTag&, const RefusedTag&) = default;
};

// What a store keeps of one target and group between looks.
struct Memory {
    std::int64_t number = 0;             // of the open pull request; 0: there is none
    std::int64_t handled = 0;            // the newest that has ended, and whose end counted
    std::string head{};                  // commit that we pushed last
    std::string intended{};              // commit that we are about to push
    bool closing = false;                // we are about to close it
    std::vector<CarriedImage> images{};  // in it
    std::int64_t proposed_at = 0;        // seconds since 1970; of these images
    std::string title{};                 // that we set last
    std::uint64_t body = 0;              // fingerprint of what is ours in it
    bool draft = false;                  // as we set it last
    std::string base{};                  // branch that it goes to, as we set it last
    std::string arming{};                // head for which we are about to arm auto-merge
    std::string armed_head{};            // head for which we armed auto-merge
    // What was in it before the images of the newest push, with the head of then: who closes it
    // has seen the head that it has.
    std::string earlier_head{};
    std::vector<CarriedImage> earlier_images{};
    std::string earlier_changes{};  // of the caller, about these
    std::string merged_head{};      // of the last one that was merged: nothing of it can be lost
    std::vector<std::string> labels{};  // that we set; people may have taken them off since
    std::vector<std::string> asked{};   // "assignee:ann", "reviewer:bob", "team:platform"
    std::string milestone{};
    std::string saying{};                 // key of what we are about to say
    std::string doing{};                  // "draft", "disarm": that we are about to do
    std::vector<std::string> said{};      // sentences that were said: "edited:<head>"
    std::vector<std::string> statuses{};  // "<head> <context> <state> <description>"
    std::string rebuild_done{};           // the request for a rebuild that was answered last
    // Comments that asked for a rebuild before somebody pushed to the branch: those are not meant.
    std::vector<std::string> heard{};
    std::int64_t pushed_at = 0;  // seconds since 1970: when we pushed the head
    std::vector<RefusedTag> refused{};
};

enum class SeenState { Open, Merged, Closed };
struct SeenPullRequest {
    std::int64_t number = 0;
    SeenState state = SeenState::Open;
    bool draft = false;
    std::string title{};
    std::string body{};
    std::string head{};  // commit
    std::string base{};  // branch that it goes to; empty: not known
    bool auto_merge = false;
    bool clean = false;     // nothing is in the way of merging
    bool conflict = false;  // does not merge as it is
    std::vector<std::string> labels{};
    std::string merge_commit{};
    std::string closed_by{};
};

struct SeenBranch {
    std::string head{};      // empty: it is not there
    bool ours = false;       // every commit of it that is not in the base is by us
    bool on_base = false;    // one commit, on the current base
    bool same_tree = false;  // with exactly the files that are wanted
    bool landed = false;     // all of it is in the base, or was merged by a pull request
    bool just_made = false;  // by our name, within the last minute
};

struct WantedStatus {
    std::string context{};
    std::string state{};  // "pending", "success", "failure"
    std::string description{};
};

struct Wanted {
    // False: nothing is to be changed on the base any more, and `gone` says why.
    bool wanted = true;
    std::string gone{};  // a sentence: "The base has these images already."
    std::string base{};  // branch that it is to go to
    std::vector<CarriedImage> images{};
    std::string title{};
    std::string body{};  // what is ours
    std::vector<std::string> labels{};
    std::vector<std::string> people{};  // as in Memory::asked
    std::string milestone{};
    std::vector<WantedStatus> statuses{};
    bool draft = false;
    bool auto_merge = false;
    bool window_open = true;
    std::optional<Time> window_changes{};  // when it opens, or closes
    // Before this, nothing is merged by ourselves: checks may not have begun yet.
    std::optional<Time> checks_begin_by{};
    bool delete_branch = true;
    // Somebody who may write asked for a rebuild; names the request, so that it is answered once.
    std::string rebuild{};
    // Places for new pull requests: at most this many may be opened now. Negative: no limit.
    std::int64_t may_open = -1;
    std::string limit{};                // which limit, in words
    std::optional<Time> limit_until{};  // when it is worth looking again
    // Images that a person ignored here (a hold). Wanted images among them end the story.
    std::vector<CarriedImage> ignored{};
};

struct Abilities {
    bool labels = false;
    bool people = false;
    bool milestones = false;
    bool drafts = false;
    bool auto_merge = false;
    bool comments = false;
    bool statuses = false;
    bool retarget = true;  // until the platform says that it can't
};

namespace step {
// Things to do.
struct Push {  // the wanted commit, where the branch is at `expected` (empty: is not there)
    std::string expected{};
    bool rebuild = false;  // commits of others may be dropped: somebody asked for it
};
struct Open {};
struct Update {
    bool title = false;
    bool body = false;
    bool draft = false;
    bool base = false;  // set back, since the configuration or a person asks for it
};
struct Label {
    std::vector<std::string> add{};
    std::vector<std::string> remove{};
};
struct Ask {
    std::vector<std::string> people{};
};
struct SetMilestone {};
struct SetStatus {
    WantedStatus status{};
};
struct Say {
    std::string key{};  // remembered in Memory::said
    std::string text{};
};
struct Arm {};
struct Disarm {};
struct Merge {};
struct Close {
    std::string sentence{};
};
struct DeleteBranch {
    std::string expected{};
};
// Things to record.
struct Adopt {  // an open one that we did not know: the store was lost, or we crashed
    std::int64_t number = 0;
};
struct RecordMerged {
    std::int64_t number = 0;
    std::string commit{};
    std::string elsewhere{};  // the branch it was merged into, when that is not the base
};
struct RecordClosed {  // by us
    std::int64_t number = 0;
};
struct Ignore {  // closed by a person
    std::int64_t number = 0;
    std::string who{};
    std::vector<CarriedImage> images{};
    std::size_t unknown = 0;  // images that nobody remembers
};
// Ends.
struct Done {
    std::optional<Time> again{};  // worth looking again then
    std::string why{};
};
struct Wait {  // for a limit
    std::string why{};
    std::optional<Time> until{};
};
struct LeaveAlone {
    std::string why{};
};
struct Held {
    std::vector<CarriedImage> images{};
};
}  // namespace step

using Step = std::variant<
    step::Push,
    step::Open,
    step::Update,
    step::Label,
    step::Ask,
    step::SetMilestone,
    step::SetStatus,
    step::Say,
    step::Arm,
    step::Disarm,
    step::Merge,
    step::Close,
    step::DeleteBranch,
    step::Adopt,
    step::RecordMerged,
    step::RecordClosed,
    step::Ignore,
    step::Done,
    step::Wait,
    step::LeaveAlone,
    step::Held>;

bool is_end(const Step& step);
std::string_view step_name(const Step& step);

// `seen`: the pull requests of the branch, newest first; those that have ended too.
Step next_step(
    const Memory& memory,
    const std::vector<SeenPullRequest>& seen,
    const SeenBranch& branch,
    const Wanted& wanted,
    const Abilities& abilities
);

// What a status is remembered by.
std::string status_key(const std::string& head, const WantedStatus& status);

}  // namespace linkspan::plan
