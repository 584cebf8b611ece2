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

// Lists are asked for by page number, from 1: links to next pages carry the address that the server
// is configured to have, and labels, milestones and timelines have none.
// All that are open, or all that are not, newest first: not every version filters by branch.
Call list_pulls(const Repo& repo, bool open, unsigned page);
Call get_pull(const Repo& repo, std::int64_t number);
// {"statuses": […]}, the newest of each context.
Call get_statuses(const Repo& repo, const std::string& commit, unsigned page);
// Oldest first.
Call list_timeline(const Repo& repo, std::int64_t number, unsigned page);
Call get_repository(const Repo& repo);
Call open_pull(const Repo& repo, const NewPullRequest& wanted);
// nullopt: nothing to change.
std::optional<Call> update_pull(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
);
Call set_state(const Repo& repo, std::int64_t number, bool open);

Call list_labels(const Repo& repo, unsigned page);
Call list_organization_labels(const Repo& repo, unsigned page);
Call create_label(const Repo& repo, const std::string& name);
Call add_labels(const Repo& repo, std::int64_t number, const std::vector<std::int64_t>& ids);
Call remove_label(const Repo& repo, std::int64_t number, std::int64_t id);
// Who may be assigned, in one page.
Call list_assignable(const Repo& repo);
// All of them: the list is replaced.
Call set_assignees(const Repo& repo, std::int64_t number, const std::vector<std::string>& users);
Call request_reviews(
    const Repo& repo,
    std::int64_t number,
    const std::vector<std::string>& users,
    const std::vector<std::string>& teams
);
Call list_milestones(const Repo& repo, unsigned page);
Call set_milestone(const Repo& repo, std::int64_t number, std::int64_t milestone);
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
