// Bitbucket Data Center (and Server).
//
// Every change names the version that it was made from; a stale one is read again once. It has no
// labels, assignees or milestones. Auto-merge is there from 8.15, drafts from 8.18 on: an older one
// opens a pull request that is no draft, and says so.
#pragma once

#include "service/forge/bitbucket_dc_requests.h"
#include "service/forge/caller.h"
#include "service/forge/forge.h"

#include <string>
#include <vector>

namespace linkspan::forge {

class BitbucketDc final : public Forge {
public:
    BitbucketDc(CallerOptions options, bitbucket_dc::Repo repo);

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
    Result<std::optional<std::string>> head_of(const std::string& branch);
    // PUT with the current version and reviewers; what the platform refuses among these is left
    // out.
    Result<PullRequest> put(
        PullRequest now,
        const PullRequestChange& change,
        std::vector<std::string> reviewers,
        std::vector<Unasked>* unasked
    );
    // decline, reopen: with the version as it is, and once again as it became.
    Status turn(const PullRequest& now, std::string_view verb, State wanted);
    Result<MergeAnswer> try_merge(
        const PullRequest& now, const MergeRequest& wanted, bool when_green
    );

    Caller caller_;
    const bitbucket_dc::Repo repo_;
};

}  // namespace linkspan::forge
