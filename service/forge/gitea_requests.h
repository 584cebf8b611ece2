// Gitea's and Forgejo's requests. Pure.
// https://docs.gitea.com/api, https://codeberg.org/api/swagger
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::forge::gitea {

// What Gitea writes in front of a draft's title, and takes for one.
inline constexpr std::string_view kDraftPrefix = "WIP: ";

struct Repo {
    std::string owner;
    std::string name;
};

// All of a state: the list has no filter for branches in every version.
Call list_pulls(const Repo& repo, std::optional<State> state);
Call get_pull(const Repo& repo, std::int64_t number);
Call open_pull(const Repo& repo, const NewPullRequest& wanted);
// nullopt: nothing to change.
std::optional<Call> update_pull(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
);
Call set_state(const Repo& repo, std::int64_t number, bool open);

Call list_labels(const Repo& repo);
Call list_organization_labels(const Repo& repo);
Call create_label(const Repo& repo, const std::string& name);
Call add_labels(const Repo& repo, std::int64_t number, const std::vector<std::int64_t>& ids);
Call remove_label(const Repo& repo, std::int64_t number, std::int64_t id);
// All of them: the list is replaced.
Call set_assignees(const Repo& repo, std::int64_t number, const std::vector<std::string>& users);
Call request_reviews(
    const Repo& repo,
    std::int64_t number,
    const std::vector<std::string>& users,
    const std::vector<std::string>& teams
);
Call list_milestones(const Repo& repo);
Call set_milestone(const Repo& repo, std::int64_t number, std::int64_t milestone);
// What happened to it, oldest first.
Call list_timeline(const Repo& repo, std::int64_t number, int page);
Call list_comments(const Repo& repo, std::int64_t number);
Call add_comment(const Repo& repo, std::int64_t number, const std::string& text);

Call merge_pull(
    const Repo& repo, std::int64_t number, const MergeRequest& wanted, bool when_checks_succeed
);
Call cancel_auto_merge(const Repo& repo, std::int64_t number);
Call set_status(const Repo& repo, const std::string& commit, const CheckStatus& status);
Call permission_of(const Repo& repo, const std::string& user);
Call get_branch(const Repo& repo, const std::string& branch);
Call delete_branch(const Repo& repo, const std::string& branch);

}  // namespace linkspan::forge::gitea
