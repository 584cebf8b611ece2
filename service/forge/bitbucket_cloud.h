// Bitbucket Cloud.
//
// It has no labels, assignees, milestones or auto-merge in its API, and a declined pull request
// stays so. Merging takes no expected head: it is looked at right before.
#pragma once

#include "service/forge/bitbucket_cloud_requests.h"
#include "service/forge/caller.h"
#include "service/forge/forge.h"

#include <string>
#include <vector>

namespace linkspan::forge {

class BitbucketCloud final : public Forge {
public:
    BitbucketCloud(CallerOptions options, bitbucket_cloud::Repo repo);

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
    // With whole hashes, as far as they can be had.
    PullRequest whole(PullRequest pull);
    Result<std::optional<std::string>> head_of(const std::string& branch);
    // Changes the pull request as the platform has it, and adds reviewers. Who may not be one (any
    // more) is left out.
    Result<PullRequest> put(
        const Json& as_is,
        const PullRequestChange& change,
        const std::vector<std::string>& added,
        std::vector<Unasked>* unasked
    );
    struct Put {
        transport::HttpResponse response;
        std::vector<std::string> reviewers;
    };
    // After `refusal` of these reviewers: without as few of them as can be found out.
    Result<Put> put_without_refused(
        const Json& as_is,
        const PullRequestChange& change,
        std::vector<std::string> reviewers,
        const transport::HttpResponse& refusal
    );
    Result<std::optional<std::string>> account(const std::string& who);
    Result<MergeAnswer> await_merge(const PullRequest& now, const std::string& status_url);

    Caller caller_;
    const bitbucket_cloud::Repo repo_;
};

}  // namespace linkspan::forge
