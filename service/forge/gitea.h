// Gitea and Forgejo.
//
// A draft is a pull request whose title begins with "WIP: ". Whether a merge is scheduled is told
// by the timeline alone, so only get() knows. A scheduled merge takes whatever the head is then,
// with the message of the day when it was armed: arming again replaces it.
#pragma once

#include "service/forge/caller.h"
#include "service/forge/forge.h"
#include "service/forge/gitea_requests.h"

#include <string>
#include <vector>

namespace linkspan::forge {

class Gitea final : public Forge {
public:
    Gitea(CallerOptions options, gitea::Repo repo);

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
    Result<std::optional<std::string>> head_of(const std::string& branch);
    // Ids by name, of the repository and of its organization.
    Result<Json> labels();
    Result<MergeAnswer> try_merge(
        const PullRequest& now, const MergeRequest& wanted, bool when_green
    );
    // What stands against scheduling a merge; nullopt: nothing.
    Result<std::optional<MergeAnswer>> unfit_for_scheduling(
        const PullRequest& fresh, const MergeRequest& wanted
    );
    Result<MergeAnswer> schedule(const PullRequest& fresh, const MergeRequest& wanted);
    Status assign(const PullRequest& now, const People& people, std::vector<Unasked>& unasked);
    Status request(const PullRequest& now, const People& people, std::vector<Unasked>& unasked);

    Caller caller_;
    const gitea::Repo repo_;
};

}  // namespace linkspan::forge
