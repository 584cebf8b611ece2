// GitHub and GitHub Enterprise Server.
//
// Auto-merge and drafts are GraphQL's. Where a merge queue is required, merging directly puts the
// pull request into the queue, and the answer is Armed; what is in the queue counts as armed, and
// disarming takes it out.
#pragma once

#include "service/forge/caller.h"
#include "service/forge/forge.h"
#include "service/forge/github_answers.h"
#include "service/forge/github_requests.h"

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

namespace linkspan::forge {

class Github final : public Forge {
public:
    Github(CallerOptions options, github::Repo repo);

    [[nodiscard]] const Capabilities& capabilities() const override;
    [[nodiscard]] std::string name() const override;
    Result<std::vector<PullRequest>> find(
        const std::string& head, const std::string& base, std::optional<State> state
    ) override;
    Result<PullRequest> get(std::int64_t number) override;
    Result<PullRequest> open(const NewPullRequest& wanted) override;
    Result<PullRequest> update(const PullRequest& now, const PullRequestChange& change) override;
    Status close(const PullRequest& now) override;
    Result<PullRequest> reopen(const PullRequest& now) override;
    Status add_labels(const PullRequest& now, const std::vector<std::string>& labels) override;
    Status remove_labels(const PullRequest& now, const std::vector<std::string>& labels) override;
    Result<std::vector<Unasked>> ask(const PullRequest& now, const People& people) override;
    Status set_milestone(const PullRequest& now, const std::string& title) override;
    Result<std::optional<LabelEvent>> labeled_by(const PullRequest& now, const std::string& label)
        override;
    Result<std::vector<Comment>> comments(const PullRequest& now) override;
    Status comment(const PullRequest& now, const std::string& text) override;
    Result<MergeAnswer> merge(const PullRequest& now, const MergeRequest& wanted) override;
    Result<MergeAnswer> arm_auto_merge(const PullRequest& now, const MergeRequest& wanted) override;
    Status disarm_auto_merge(const PullRequest& now) override;
    Status set_status(const std::string& commit, const CheckStatus& status) override;
    Result<bool> may_write(const std::string& user) override;
    Status delete_branch(const std::string& branch, const std::string& expected) override;
    Result<std::string> commit_through_api(const ApiCommit& commit) override;
    void stop() override { caller_.stop(); }

private:
    // nullopt: no such branch.
    Result<std::optional<std::string>> head_of(const std::string& branch);
    // GraphQL: errors are those inside an answer 200, too.
    Status mutate(const Call& call);
    Status assign(const PullRequest& now, const People& people, std::vector<Unasked>& unasked);
    Status request(const PullRequest& now, const People& people, std::vector<Unasked>& unasked);
    Result<std::string> write_commit(const ApiCommit& commit);
    // Errors: transient ones alone. Whoever can't tell, an older server or a token that may not see
    // queues, has none.
    Result<github::Queue> queue_of(const std::string& id);
    bool is_queued(const PullRequest& now);
    std::string head_owner();
    void learn_owner();

    Caller caller_;
    const github::Repo repo_;
    std::mutex mutex_;   // guards what follows
    std::string owner_;  // as GitHub names it now: branches are found by it
    std::chrono::steady_clock::time_point no_queue_until_{};
};

}  // namespace linkspan::forge
