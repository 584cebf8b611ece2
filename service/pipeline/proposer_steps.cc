// What the Proposer does outside, one function for each step.
#include "service/pipeline/proposer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::chrono::minutes kTryAgain{1};
constexpr int kMostConflicts =
    5;  // in one look; a platform that says no more than that is asked later

forge::MergeMethod to_forge(config::MergeMethod method) {
    switch (method) {
        case config::MergeMethod::Merge:
            return forge::MergeMethod::Merge;
        case config::MergeMethod::Rebase:
            return forge::MergeMethod::Rebase;
        case config::MergeMethod::Squash:
            break;
    }
    return forge::MergeMethod::Squash;
}

// A token that may not merge, or an address that is not there, stops merging and nothing else.
Result<forge::MergeAnswer> refusal_as_answer(Result<forge::MergeAnswer> answer) {
    if (answer.has_value() || is_transient(answer.error().kind) ||
        answer.error().kind == Errc::Conflict) {
        return answer;
    }
    return forge::MergeAnswer{forge::MergeRefused{answer.error().message}};
}

}  // namespace

Status Proposer::act() {
    acted_ = true;
    auto status = std::visit(
        [this](const auto& step) -> Status {
            if constexpr (requires { this->take(step); }) {
                return take(step);
            } else {
                return Error{Errc::Internal, "a step that is no action"};
            }
        },
        step_
    );
    if (status.has_error() && status.error().kind == Errc::Conflict) {
        // Somebody was faster: another look says what there is to do now.
        stale_ = true;
        if (++conflicts_ <= kMostConflicts) return {};
        return Error{Errc::Unavailable, status.error().message}.within(forge_.name());
    }
    if (status.has_error()) return status.error().within(forge_.name());
    return {};
}

void Proposer::saw(forge::PullRequest now) {
    for (auto& one : pulls_) {
        if (one.number == now.number) {
            one = std::move(now);
            return;
        }
    }
    pulls_.insert(pulls_.begin(), std::move(now));
}

Status Proposer::unless_transient(Status status, const std::string& what) {
    if (!status.has_error()) return {};
    if (is_transient(status.error().kind) || status.error().kind == Errc::Conflict) return status;
    answer_.notes.push_back(fmt::format("{}: {}", what, status.error().message));
    return {};
}

Status Proposer::take(const plan::step::Push& step) {
    std::string head;
    if (memory_.intended.starts_with("api:")) {
        forge::ApiCommit commit{
            .branch = row_.branch,
            .expected_head = step.expected,
            .base = request_.base.hex,
            .message = message_};
        for (const auto& file : request_.proposal.plan.files) {
            LINKSPAN_TRY(at, mirror_.find(request_.base, file.path));
            forge::ApiFile made{.path = file.path, .content = file.after};
            if (at && at->mode == 0100755) made.mode = "100755";
            commit.files.push_back(std::move(made));
        }
        auto made = forge_.commit_through_api(commit);
        if (made.has_error() && made.error().kind == Errc::InvalidInput) {
            return unless_held_for_merging(made.error());
        }
        if (made.has_error()) return made.error();
        head = *made;
    } else {
        LINKSPAN_TRY(
            pushed,
            mirror_.push(
                {.branch = row_.branch,
                 .expected = git::CommitId{step.expected},
                 .target = *commit_,
                 .options = {},
                 .replace = !step.expected.empty()}
            )
        );
        if (const auto* rejected = std::get_if<git::Rejected>(&pushed)) {
            return unless_held_for_merging(
                {Errc::InvalidInput,
                 fmt::format(
                     "the Git server refused the push of {}: {}", row_.branch, rejected->message
                 )}
            );
        }
        if (std::holds_alternative<git::Moved>(pushed)) {
            return Error{Errc::Conflict, "the branch moved"};
        }
        head = commit_->hex;
    }
    memory_.head = head;
    memory_.intended.clear();
    memory_.pushed_at =
        std::chrono::duration_cast<std::chrono::seconds>(request_.now.time_since_epoch()).count();
    wait_for_checks();
    std::erase(memory_.said, "edited");
    std::erase(memory_.said, "no-longer-wanted");
    if (step.rebuild) {
        // Taken off by the platform for those commits, or by us; the head may be the same again.
        const forge::PullRequest* const now = open();
        if (now != nullptr && !now->auto_merge) memory_.armed_head.clear();
        memory_.rebuild_done = wanted_.rebuild;
        const bool label = wanted_.rebuild.starts_with("label:") ||
                           (request_.rebuild && !request_.rebuild->label.empty());
        if (now != nullptr && label) {
            auto taken = unless_transient(
                forge_.remove_labels(*now, {std::string{kRebuildLabel}}), "taking a label off"
            );
            if (taken.has_error()) return taken;
        }
    }
    branch_ = {.head = head, .ours = true, .on_base = true, .same_tree = true};
    if (forge::PullRequest* const now = open()) {
        now->head_commit = head;
        // Which platforms disarm for a new head, and what its checks say, is seen at the next look.
        now->mergeable = forge::Mergeable::Unknown;
    }
    return {};
}

// What is in GitHub's merge queue can't be pushed to until it is taken out. What a person put there
// is merged first.
Status Proposer::unless_held_for_merging(Error refusal) {
    forge::PullRequest* const now = open();
    if (now == nullptr || !now->auto_merge) return refusal;
    if (memory_.armed_head.empty()) {
        refusal.kind = Errc::Unavailable;
        return refusal;
    }
    if (auto status = take(plan::step::Disarm{}); status.has_error()) return status;
    return Error{Errc::Conflict, refusal.message};
}

Status Proposer::take(const plan::step::Open&) {
    const auto& can = forge_.capabilities();
    const bool draft = wanted_.draft && can.drafts;
    LINKSPAN_TRY(
        opened,
        forge_.open(
            {.head = row_.branch,
             .base = row_.base,
             .title = wanted_.title,
             .body = plan::put_into("", wanted_.body, can.html_comments, can.body_limit),
             .draft = draft,
             .delete_branch_on_merge = wanted_.delete_branch}
        )
    );
    memory_.number = opened.number;
    memory_.base = row_.base;
    memory_.title = wanted_.title;
    memory_.body = plan::fingerprint(wanted_.body);
    memory_.draft = draft;
    row_.state = "open";
    row_.number = opened.number;
    row_.url = opened.url;
    row_.title = wanted_.title;
    row_.opened_at = request_.now;
    row_.waiting_since.reset();
    if (memory_.rebuild_done == "checkbox") {
        // Its own box is not ticked yet.
        memory_.rebuild_done.clear();
        wanted_.rebuild.clear();
    }
    saw(std::move(opened));
    return {};
}

Status Proposer::set_base_back() {
    auto moved = forge_.update(*open(), {.title = {}, .body = {}, .draft = {}, .base = row_.base});
    if (moved.has_error()) {
        if (is_transient(moved.error().kind)) return moved.error();
        answer_.notes.push_back(
            fmt::format("the base could not be set back: {}", moved.error().message)
        );
        abilities_.retarget = false;
        return {};
    }
    // Taken without a word, and left as it was.
    abilities_.retarget = moved->base == row_.base;
    if (abilities_.retarget) memory_.base = row_.base;
    saw(std::move(*moved));
    stale_ = true;
    return {};
}

Status Proposer::take(const plan::step::Update& step) {
    if (step.base) return set_base_back();
    forge::PullRequest* const now = open();
    const auto& can = forge_.capabilities();
    forge::PullRequestChange change;
    if (step.title) change.title = wanted_.title;
    if (step.body) {
        change.body = plan::put_into(now->body, wanted_.body, can.html_comments, can.body_limit);
    }
    if (step.draft) change.draft = wanted_.draft;
    auto answer = forge_.update(*now, change);
    if (answer.has_error() && step.draft) {
        auto status = unless_transient(answer.error(), "draft");
        if (status.has_error()) return status;
        change.draft.reset();
        answer = forge_.update(*now, change);
    }
    if (answer.has_error()) return answer.error();
    forge::PullRequest updated = std::move(*answer);
    // People may have given it another title: that one is theirs, and stays.
    if (step.title) memory_.title = wanted_.title;
    if (step.title) row_.title = wanted_.title;
    if (step.body) {
        memory_.body = plan::fingerprint(wanted_.body);
        // The tick is gone, and the next one is another request.
        if (memory_.rebuild_done == "checkbox") memory_.rebuild_done.clear();
        if (wanted_.rebuild == "checkbox") wanted_.rebuild.clear();
    }
    if (step.draft) memory_.draft = wanted_.draft;
    saw(std::move(updated));
    // A body that comes back otherwise than it was sent must not be ticked for ever.
    if (step.body && plan::rebuild_is_ticked(open()->body)) open()->body.clear();
    return {};
}

Status Proposer::take(const plan::step::Label& step) {
    forge::PullRequest* const now = open();
    if (!step.add.empty()) {
        auto added = unless_transient(forge_.add_labels(*now, step.add), "labels");
        if (added.has_error()) return added;
    }
    if (!step.remove.empty()) {
        auto removed = unless_transient(forge_.remove_labels(*now, step.remove), "labels");
        if (removed.has_error()) return removed;
    }
    memory_.labels = wanted_.labels;
    return {};
}

Status Proposer::take(const plan::step::Ask& step) {
    forge::People people;
    for (const auto& one : step.people) {
        const auto colon = one.find(':');
        const std::string name = one.substr(colon + 1);
        const std::string role = one.substr(0, colon);
        (role == "assignee"   ? people.assignees
         : role == "reviewer" ? people.reviewers
                              : people.teams)
            .push_back(name);
    }
    auto asked = forge_.ask(*open(), people);
    if (asked.has_error()) {
        auto status = unless_transient(asked.error(), "asking people");
        if (status.has_error()) return status;
    } else {
        for (const auto& one : *asked) {
            answer_.notes.push_back(fmt::format("could not ask {}: {}", one.who, one.why));
        }
    }
    memory_.asked.insert(memory_.asked.end(), step.people.begin(), step.people.end());
    return {};
}

Status Proposer::take(const plan::step::SetMilestone&) {
    auto set = unless_transient(forge_.set_milestone(*open(), wanted_.milestone), "milestone");
    if (set.has_error()) return set;
    memory_.milestone = wanted_.milestone;
    return {};
}

Status Proposer::take(const plan::step::SetStatus& step) {
    const auto& wanted = step.status;
    auto set = unless_transient(
        forge_.set_status(
            branch_.head,
            {.context = wanted.context,
             .state = wanted.state == "success"   ? forge::CheckState::Success
                      : wanted.state == "failure" ? forge::CheckState::Failure
                                                  : forge::CheckState::Pending,
             .description = wanted.description}
        ),
        "commit status"
    );
    if (set.has_error()) return set;
    // Those of older heads are of no use any more.
    std::erase_if(memory_.statuses, [&](const auto& key) {
        return !key.starts_with(branch_.head + " ");
    });
    memory_.statuses.push_back(plan::status_key(branch_.head, wanted));
    return {};
}

Status Proposer::take(const plan::step::Say& step) {
    forge::PullRequest* const now = open();
    // The same may have been said before an earlier rebuild.
    const std::string mark = plan::comment_mark(
        fmt::format("{} {} {}", step.key, memory_.head, memory_.rebuild_done),
        forge_.capabilities().html_comments
    );
    bool said = false;
    if (interrupted_) {
        LINKSPAN_TRY(comments, forge_.comments(*now));
        said = std::any_of(comments.begin(), comments.end(), [&](const auto& comment) {
            return comment.body.find(mark) != std::string::npos;
        });
    }
    if (!said) {
        auto status = unless_transient(
            forge_.comment(*now, fmt::format("{}\n\n{}", step.text, mark)), "comment"
        );
        if (status.has_error()) return status;
    }
    memory_.saying.clear();
    memory_.said.push_back(step.key);
    return {};
}

forge::MergeRequest Proposer::merge_request() const {
    const auto end = std::min(message_.find('\n'), message_.size());
    const auto rest = message_.find_first_not_of('\n', end);
    return {
        .head_commit = memory_.head,
        .method = to_forge(request_.options.merge_method),
        .title = message_.substr(0, end),
        .message = rest == std::string::npos ? std::string{} : message_.substr(rest),
        .delete_branch = wanted_.delete_branch};
}

Status Proposer::merged_or_not(const forge::MergeAnswer& answer, bool arming) {
    forge::PullRequest* const now = open();
    memory_.arming.clear();
    if (const auto* merged = std::get_if<forge::Merged>(&answer)) {
        now->state = forge::State::Merged;
        now->merge_commit = merged->commit;
    } else if (std::holds_alternative<forge::Armed>(answer)) {
        memory_.armed_head = memory_.head;
        now->auto_merge = true;
    } else if (const auto* clean = std::get_if<forge::AlreadyMergeable>(&answer)) {
        if (!arming) return Error{Errc::Unavailable, clean->why};
        // It waits for nothing, not even for checks that run: merged by ourselves, once nothing is
        // in the way.
        abilities_.auto_merge = false;
        LINKSPAN_TRY(fresh, forge_.get(now->number));
        saw(std::move(fresh));
    } else if (const auto* not_yet = std::get_if<forge::NotYet>(&answer)) {
        answer_.notes.push_back("not merged yet: " + not_yet->why);
        answer_.again = request_.now + kTryAgain;
        over_ = true;
    } else if (const auto* refused = std::get_if<forge::MergeRefused>(&answer)) {
        answer_.notes.push_back(
            (arming ? "auto-merge was refused: " : "merging was refused: ") + refused->why
        );
        if (arming) {
            // Auto-merge is switched off: merged by ourselves, once nothing is in the way.
            abilities_.auto_merge = false;
        } else {
            over_ = true;
        }
    } else if (std::exchange(head_moved_, true)) {
        // It has not seen our push yet: some look at branches a while after a push.
        answer_.notes.push_back("not merged yet: the platform has another head still");
        answer_.again = request_.now + kTryAgain;
        over_ = true;
    } else {
        stale_ = true;
    }
    return {};
}

Result<bool> Proposer::is_as_seen(bool merging) {
    const forge::PullRequest before = *open();
    if (request_.window_still_open && !request_.window_still_open()) {
        wanted_.window_open = false;
        return false;
    }
    LINKSPAN_TRY(fresh, forge_.get(before.number));
    const bool same = fresh.state == before.state && fresh.base == before.base &&
                      fresh.draft == before.draft &&
                      (fresh.head_commit.empty() || memory_.head.starts_with(fresh.head_commit)) &&
                      (!merging || fresh.mergeable == forge::Mergeable::Clean);
    saw(std::move(fresh));
    stale_ = !same;
    return same;
}

Status Proposer::take(const plan::step::Arm&) {
    LINKSPAN_TRY(same, is_as_seen(false));
    if (!same) return {};
    LINKSPAN_TRY(answer, refusal_as_answer(forge_.arm_auto_merge(*open(), merge_request())));
    return merged_or_not(answer, true);
}

Status Proposer::take(const plan::step::Merge&) {
    LINKSPAN_TRY(same, is_as_seen(true));
    if (!same) return {};
    LINKSPAN_TRY(answer, refusal_as_answer(forge_.merge(*open(), merge_request())));
    return merged_or_not(answer, false);
}

Status Proposer::take(const plan::step::Disarm&) {
    forge::PullRequest* const now = open();
    if (auto status = forge_.disarm_auto_merge(*now); status.has_error()) return status;
    now->auto_merge = false;
    memory_.armed_head.clear();
    memory_.arming.clear();
    return {};
}

Status Proposer::take(const plan::step::Close&) {
    forge::PullRequest* const now = open();
    // In the body too: a closed pull request whose store was lost must not look like a person's no.
    const std::string body =
        plan::mark_ended(now->body, "superseded", forge_.capabilities().html_comments);
    if (body != now->body) {
        LINKSPAN_TRY(updated, forge_.update(*now, {.title = {}, .body = body, .draft = {}}));
        saw(std::move(updated));
    }
    if (auto status = forge_.close(*open()); status.has_error()) return status;
    answer_.notes.push_back(fmt::format("closed pull request {}", open()->number));
    open()->state = forge::State::Closed;
    return {};
}

Status Proposer::take(const plan::step::DeleteBranch& step) {
    const auto deleted = forge_.delete_branch(row_.branch, step.expected);
    if (auto status = unless_transient(deleted, "deleting the branch"); status.has_error()) {
        return status;
    }
    branch_ = {};
    // One that may not be deleted is still ours.
    if (deleted.has_error()) return {};
    memory_.head.clear();
    memory_.intended.clear();
    return {};
}

}  // namespace linkspan::pipeline
