// GitLab: merge requests.
//
// A draft is a merge request whose title begins with "Draft: ". GitLab disarms auto-merge when the
// branch gets a new commit. Where merge trains are on, arming puts the merge request on the train.
#pragma once

#include "service/forge/caller.h"
#include "service/forge/forge.h"
#include "service/forge/gitlab_requests.h"

#include <string>
#include <vector>

namespace linkspan::forge {

class Gitlab final : public Forge {
public:
    Gitlab(CallerOptions options, std::string project);

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
    // As the Caller's, also where the project has moved since it was configured: GitLab redirects
    // reads to its number, and refuses writes by the old name.
    Result<transport::HttpResponse> send(const Call& call);
    Result<Json> ask_for(const Call& call);
    Status tell(const Call& call);
    Call placed(Call call);
    Result<std::optional<std::string>> head_of(const std::string& branch);
    Result<std::optional<std::int64_t>> user_id(const std::string& name);
    Result<bool> has_merge_trains();
    // What a refused or accepted merge means, after another look.
    Result<MergeAnswer> judge(
        const PullRequest& now, const transport::HttpResponse& response, bool arming
    );

    Caller caller_;
    const gitlab::Project project_;
    std::mutex mutex_;  // guards what follows
    std::optional<bool> merge_trains_;
    std::string moved_to_;  // its number; empty: has not moved
};

}  // namespace linkspan::forge
