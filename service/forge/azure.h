// Azure DevOps (Services and Server).
//
// Completing is asynchronous: merge() looks a few times and says NotYet while the platform works.
// It asks for blocking policies only, so merge() looks at the optional ones and at statuses first.
// Reviewers are members of the project's teams, or identity ids.
// find() has the whole body of open pull requests and of the newest one; the bodies of those before
// it may be cut at 400 characters, as the platform lists them.
#pragma once

#include "service/forge/azure_requests.h"
#include "service/forge/caller.h"
#include "service/forge/forge.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::forge {

class Azure final : public Forge {
public:
    Azure(CallerOptions options, azure::Repo repo, std::string web);

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
    Result<PullRequest> read(const Json& request) const;
    // Without labels.
    Result<PullRequest> get_alone(std::int64_t number);
    // The platform sees a push some time after it happened.
    Result<MergeAnswer> other_head(const PullRequest& now, const MergeRequest& wanted);
    // What runs, waits or has failed, in words; empty: nothing.
    Result<std::string> unfinished(const Json& request, const std::string& commit);
    // GET …?$skip=…, until a page is not full.
    Result<Json> skipping(const std::function<Call(std::size_t skip)>& call);
    Result<std::optional<std::string>> head_of(const std::string& branch);
    // Members and names of the project's teams, with their ids.
    Result<Json> people();

    Caller caller_;
    const azure::Repo repo_;
    const std::string web_;
};

}  // namespace linkspan::forge
