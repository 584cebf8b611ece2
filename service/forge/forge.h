// Forge: what a pull request's life needs of the place where repositories live, whichever it is.
// The life cycle is written once, over this; what platforms have not is in Capabilities.
//
// A Forge is for one repository. Calls block: run them on a pool. One Forge may be used from
// several threads at once. Every call is safe to repeat: what is so already is success.
//
// Errors: NotFound; Unauthorized (the message names the permission that the token lacks, where the
// platform says it); RateLimited with retry_after (primary and secondary limits; further calls are
// refused so until it has passed); Unavailable (connection, 5xx, an HTML page in place of JSON);
// Timeout; Conflict (changed meanwhile: look again); InvalidInput (the platform refuses what was
// asked, with its words; also every call that Capabilities says is not there). No credential is in
// any error text.
//
// A write whose answer was lost (5xx, timeout) may have had its effect: open(), comment(), merge()
// and commit_through_api() look again before they report the error.
//
// Users are named as the platform addresses them: logins; on Bitbucket Cloud the account's UUID in
// braces, on Azure DevOps the unique name (an address).
#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::forge {

struct Capabilities {
    bool labels = false;
    bool assignees = false;
    bool reviewers = false;
    bool team_reviewers = false;
    bool milestones = false;
    bool drafts = false;  // as a flag, or as a prefix of the title that the client takes care of
    bool auto_merge = false;  // of the platform
    bool reopen = false;
    bool comments = false;
    bool statuses = false;      // of commits
    bool label_events = false;  // labeled_by()
    bool api_commits = false;   // commit_through_api()
    bool html_comments =
        true;  // whether <!-- --> in a body is hidden; else a reference definition is
    std::string_view closing = "Close";  // what people do there to end one without merging
    std::size_t title_limit = 255;       // characters
    std::size_t body_limit = 65536;
};

enum class State { Open, Merged, Closed };

// What the platform says about merging now.
enum class Mergeable {
    Unknown,   // still computing, or the platform does not say
    Clean,     // nothing is in the way
    Blocked,   // reviews or checks are missing
    Behind,    // the base has moved and must be in the branch
    Conflict,  // does not merge
};

struct PullRequest {
    std::int64_t number = 0;  // as people see it
    std::string id{};         // the platform's own handle, where it differs from the number
    std::string url{};        // for people
    State state = State::Open;
    bool draft = false;
    std::string title{};  // without a draft prefix
    std::string body{};
    std::string head{};  // branch, without refs/heads/
    std::string base{};
    std::string head_commit{};  // what the platform thinks the head is
    std::string merge_commit{};
    std::string author{};
    std::vector<std::string> labels{};
    std::vector<std::string> assignees{};
    std::vector<std::string> reviewers{};
    std::vector<std::string> teams{};  // asked for a review
    bool auto_merge = false;           // armed
    Mergeable mergeable = Mergeable::Unknown;
    std::string version{};  // for platforms that lock optimistically by one
    std::string closed_by{};
};

struct NewPullRequest {
    std::string head{};
    std::string base{};
    std::string title{};
    std::string body{};
    bool draft = false;
    bool delete_branch_on_merge = true;
};

// What is absent stays as it is.
struct PullRequestChange {
    std::optional<std::string> title{};
    std::optional<std::string> body{};
    std::optional<bool> draft{};
    std::optional<std::string> base{};  // a branch
};

// A label was put on.
struct LabelEvent {
    std::string id{};
    std::string user{};
};

struct People {
    std::vector<std::string> assignees{};
    std::vector<std::string> reviewers{};
    std::vector<std::string> teams{};
};
// Who could not be asked, with the platform's words: someone who left, a team without access, the
// author. Never an error of the call.
struct Unasked {
    std::string who{};
    std::string why{};
};

enum class MergeMethod { Merge, Squash, Rebase };

struct MergeRequest {
    std::string head_commit{};  // merged only when the head is still this one
    MergeMethod method = MergeMethod::Squash;
    std::string title{};  // of the commit, where the platform takes it
    std::string message{};
    bool delete_branch = true;
};
struct Merged {
    std::string commit{};
};
struct Armed {};           // the platform merges when it may; also: in its merge queue or train
struct AlreadyMergeable {  // nothing to wait for, and the platform does not arm then: merge
                           // directly
    std::string why{};
};
struct NotYet {  // try again later
    std::string why{};
};
struct HeadMoved {};
struct MergeRefused {  // not by trying again: the method is not allowed, auto-merge is switched off
    std::string why{};
};
using MergeAnswer = std::variant<Merged, Armed, AlreadyMergeable, NotYet, HeadMoved, MergeRefused>;

enum class CheckState { Pending, Success, Failure };
struct CheckStatus {
    std::string context{};  // "linkspan/soak"
    CheckState state = CheckState::Pending;
    std::string description{};
    std::string url{};
};

struct ApiFile {
    std::string path{};
    std::string content{};
    std::string mode = "100644";
};
// One commit on `base` that changes files which `base` has, made by the platform (and so signed by
// it, where it does that).
struct ApiCommit {
    std::string branch{};         // is made to point to the commit
    std::string expected_head{};  // of the branch; empty: it must not exist
    std::string base{};           // parent
    std::string message{};
    std::vector<ApiFile> files{};
};

struct Comment {
    std::string id{};
    std::string author{};
    std::string body{};
};

class Forge {
public:
    virtual ~Forge() = default;
    [[nodiscard]] virtual const Capabilities& capabilities() const = 0;
    // "GitHub acme/fleet", for messages.
    [[nodiscard]] virtual std::string name() const = 0;

    // Those from `head` to `base` of this repository (never of a fork with an equal branch name),
    // newest first; of those that have ended at least the newest, and none need be given beside an
    // open one. Empty base: to any, since people may send one elsewhere. nullopt: in any state.
    virtual Result<std::vector<PullRequest>> find(
        const std::string& head, const std::string& base, std::optional<State> state
    ) = 0;
    virtual Result<PullRequest> get(std::int64_t number) = 0;
    // Conflict when there is an open one for the branch already (find it), InvalidInput when there
    // is nothing between the branches.
    virtual Result<PullRequest> open(const NewPullRequest& wanted) = 0;
    // Nothing is sent when nothing would change.
    virtual Result<PullRequest> update(const PullRequest& now, const PullRequestChange& change) = 0;
    virtual Status close(const PullRequest& now) = 0;
    virtual Result<PullRequest> reopen(const PullRequest& now) = 0;

    // Adds and removes; what others put there stays. Missing labels are made where that is needed.
    virtual Status add_labels(const PullRequest& now, const std::vector<std::string>& labels) = 0;
    virtual Status remove_labels(
        const PullRequest& now, const std::vector<std::string>& labels
    ) = 0;
    virtual Result<std::vector<Unasked>> ask(const PullRequest& now, const People& people) = 0;
    virtual Status set_milestone(const PullRequest& now, const std::string& title) = 0;
    // Who put the label on last; nullopt: nobody that the platform tells of, or it is off again.
    virtual Result<std::optional<LabelEvent>> labeled_by(
        const PullRequest& now, const std::string& label
    ) {
        return Error{
            Errc::InvalidInput,
            name() + " does not say who put " + label + " on " + std::to_string(now.number)};
    }
    virtual Result<std::vector<Comment>> comments(const PullRequest& now) = 0;
    virtual Status comment(const PullRequest& now, const std::string& text) = 0;

    virtual Result<MergeAnswer> merge(const PullRequest& now, const MergeRequest& wanted) = 0;
    virtual Result<MergeAnswer> arm_auto_merge(
        const PullRequest& now, const MergeRequest& wanted
    ) = 0;
    virtual Status disarm_auto_merge(const PullRequest& now) = 0;

    virtual Status set_status(const std::string& commit, const CheckStatus& status) = 0;
    // Whether the user may push to the repository: whose commands in comments count.
    virtual Result<bool> may_write(const std::string& user) = 0;
    // Only when it is still at `expected`. Gone already is success.
    virtual Status delete_branch(const std::string& branch, const std::string& expected) = 0;
    // The new commit's id. Conflict when the branch is not where it was expected.
    virtual Result<std::string> commit_through_api(const ApiCommit& commit) = 0;

    // For shutting down: calls under way end within a second (Unavailable), later ones at once.
    virtual void stop() = 0;
};

}  // namespace linkspan::forge
