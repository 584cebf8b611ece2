// Proposer: one look at the pull request of a target and group, and what follows from it. The life
// cycle is plan::next_step; here are the hands.
//
// How it is called, for a turn, for an event of the platform, and for polling alike:
//
//     Proposer proposer{forge, mirror, request, remembered};    // PullRequests::get, counts
//     while (proposer.decide()) {                               // on the git pool: blocks
//         record(store, proposer.to_record());                  // in_store: what is intended
//         proposer.act();                                       // on the git pool: blocks
//         record(store, proposer.to_record());                  // in_store: what was done
//     }
//     record(store, proposer.to_record());
//     proposer.answer();
//
// Killed anywhere, the same from the beginning ends in one pull request in the right state. An
// error of decide() or act() ends the look: transient ones are tried again later, from the
// beginning. One Mirror is used by one thread at a time, so one Proposer for a repository.
//
// answer().kind is "pull_request", "merged", "held", "waiting" or "already_current". After "held"
// with images in `held`: plan again without these images, and propose that.
#pragma once

#include "config/config.h"
#include "core/plan/message.h"
#include "core/plan/pull_request.h"
#include "core/plan/pull_request_life.h"
#include "core/result.h"
#include "service/forge/forge.h"
#include "service/git/mirror.h"
#include "service/store/holds.h"
#include "service/store/pull_requests.h"
#include "service/store/store.h"
#include "service/store/writes.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

// Who asked for a rebuild: a comment, or a label put on. Counts when the user may write.
struct RebuildWish {
    std::string id;  // of the comment, or of the delivery: answered once
    std::string user;
    std::string label{};  // taken off again
};
inline constexpr std::string_view kRebuildLabel = "linkspan:rebuild";

struct ProposeRequest {
    std::string repository;   // name in the config
    std::string base_branch;  // that pull requests go to
    git::CommitId base;       // its tip, on which the plan was made
    config::PullRequest options{};
    git::Signature author{};
    git::Signature committer{};
    std::optional<git::Signing> signing{};
    plan::MessageOptions message{};  // its style is set here
    // With an empty plan nothing is to be changed any more, and `gone` says why.
    plan::Proposal proposal{};
    std::string gone = "The base branch has these images already.";
    std::string gone_kind = "already_current";  // the outcome of work that was in it
    // What is known about images that may be in it; of what is not, the plan's causes tell.
    std::vector<store::PullRequestImage> facts{};
    std::vector<std::string> people{};  // of CODEOWNERS: "reviewer:ann", "team:platform"
    std::vector<plan::WantedStatus> statuses{};
    // Newer tags that are not proposed, as far as this look learned of them. What earlier looks
    // learned is remembered while `still_newer` says so.
    std::vector<plan::RefusedTag> refused{};
    std::function<bool(const plan::RefusedTag&)> still_newer{};
    std::vector<plan::CarriedImage> ignored{};  // holds that came of closed pull requests
    store::PullRequestCounts counts{};
    bool window_open = true;
    std::optional<store::TimePoint> window_changes{};
    std::function<bool()> window_still_open{};  // asked just before merging; empty: it is
    std::optional<RebuildWish> rebuild{};
    std::string link{};  // page about a delivery, with "{id}"; empty: none
    store::TimePoint now{};
};

struct ProposeAnswer {
    std::string kind;
    std::string reason;  // a sentence
    std::int64_t number = 0;
    std::string url{};
    std::string commit{};  // merged: of the merge; else the head
    std::vector<plan::CarriedImage> held{};
    std::optional<store::TimePoint> again{};  // worth looking again then
    std::vector<std::string> notes{};         // for the trail
};
// The trail's detail member "pull_request", as JSON.
std::string pull_request_json(const ProposeAnswer& answer);

// What became, later, of work that had ended in a pull request.
struct Became {
    store::PullRequestImage image;
    store::Outcome outcome;
};

// What belongs into one transaction.
struct ToRecord {
    store::PullRequest row;
    std::vector<store::Hold> holds{};
    std::vector<store::Hold> lifted{};   // somebody opened the pull request again
    std::vector<store::Write> landed{};  // it was merged: from now on, these are in the base
    std::vector<Became> became{};
    std::int64_t became_of = 0;  // the pull request that it was in
};
struct RevisedWork {
    store::WorkItem item;
    store::Outcome outcome;
};
// `revised`: the work that was told what became of it.
Status record(
    store::Store& store, const ToRecord& change, std::vector<RevisedWork>* revised = nullptr
);

class Proposer {
public:
    Proposer(
        forge::Forge& forge,
        git::Mirror& mirror,
        ProposeRequest request,
        std::optional<store::PullRequest> remembered
    );

    // False: nothing more is to be done.
    Result<bool> decide();
    Status act();
    // As of now; all but the row are in it once.
    ToRecord to_record();
    [[nodiscard]] const ProposeAnswer& answer() const { return answer_; }
    // For logs: the step that act() takes.
    [[nodiscard]] std::string_view step() const { return plan::step_name(step_); }

private:
    Status prepare();  // texts, commit, wishes: once
    Status observe();
    Status observe_branch();
    void recall_interrupted();
    Status look_for_wishes();
    Status hear_comments(const forge::PullRequest& now, bool noticed);
    Status hear_label(const forge::PullRequest& now, bool noticed);
    bool is_ours(const forge::PullRequest& one) const;
    void note_auto_merge();
    // What was in it when it had the head with which it ended.
    struct Content {
        std::vector<plan::CarriedImage> images;
        std::string changes;
    };
    Content content_of(std::int64_t number) const;
    void adopt(const forge::PullRequest& now);
    void record_merged(const plan::step::RecordMerged& merged);
    void settle_past();  // steps that only record
    void end();
    void count_ended(std::int64_t number, const std::string& state);
    // The work of what is in it has this outcome now.
    void became(
        const std::vector<plan::CarriedImage>& images,
        std::string kind,
        const std::string& reason,
        const std::string& commit
    );
    plan::SeenPullRequest seen_of(const forge::PullRequest& one) const;
    forge::PullRequest* open();
    forge::MergeRequest merge_request() const;
    void saw(forge::PullRequest now);

    Status take(const plan::step::Push& step);
    Status take(const plan::step::Open& step);
    Status take(const plan::step::Update& step);
    Status take(const plan::step::Label& step);
    Status take(const plan::step::Ask& step);
    Status take(const plan::step::SetMilestone& step);
    Status take(const plan::step::SetStatus& step);
    Status take(const plan::step::Say& step);
    Status take(const plan::step::Arm& step);
    Status take(const plan::step::Disarm& step);
    Status take(const plan::step::Merge& step);
    Status take(const plan::step::Close& step);
    Status take(const plan::step::DeleteBranch& step);
    Status set_base_back();
    // Just before merging: what was seen when the look began is as it was, and may be merged still.
    Result<bool> is_as_seen(bool merging);
    Status merged_or_not(const forge::MergeAnswer& answer, bool arming);
    // A push that was refused, or what to do first.
    Status unless_held_for_merging(Error refusal);
    // Decorations do not stop a pull request: what can't be done is noted.
    Status unless_transient(Status status, const std::string& what);
    // False also where the platform does not tell us: noted.
    Result<bool> may_write(const std::string& user);
    void wait_for_checks();
    void learn_refusals(bool same_images);

    forge::Forge& forge_;
    git::Mirror& mirror_;
    ProposeRequest request_;
    store::PullRequest row_;
    plan::Memory memory_;
    plan::Wanted wanted_;
    plan::Abilities abilities_;
    plan::SeenBranch branch_;
    std::vector<forge::PullRequest> pulls_;
    std::string configured_branch_;
    std::string message_;
    std::optional<git::CommitId> commit_;
    plan::Step step_ = plan::step::Done{};
    ProposeAnswer answer_;
    std::vector<store::Hold> holds_;
    std::vector<store::Hold> lifted_;
    std::vector<store::Write> landed_;
    std::vector<Became> became_;
    std::int64_t became_of_ = 0;
    bool prepared_ = false;
    bool stale_ = true;
    bool head_moved_ = false;  // told so by the platform, once
    bool adopted_ = false;
    bool over_ = false;  // an answer of the platform ended the look
    bool acted_ = false;
    bool interrupted_ = false;  // we were about to say this before a crash
    int steps_ = 0;
    int conflicts_ = 0;
};

}  // namespace linkspan::pipeline
