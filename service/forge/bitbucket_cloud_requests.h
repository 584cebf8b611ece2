// Bitbucket Cloud's requests. Pure.
// https://developer.atlassian.com/cloud/bitbucket/rest/
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::forge::bitbucket_cloud {

struct Repo {
    std::string workspace;
    std::string name;
};

Call find_pulls(
    const Repo& repo, const std::string& head, const std::string& base, std::optional<State> state
);
Call get_pull(const Repo& repo, std::int64_t number);
Call get_statuses(const Repo& repo, const std::string& commit);
Call open_pull(const Repo& repo, const NewPullRequest& wanted);
// Title and reviewers are always sent: what is left out of a PUT is lost. `reviewers` are UUIDs.
Call update_pull(
    const Repo& repo,
    const PullRequest& now,
    const PullRequestChange& change,
    const std::vector<std::string>& reviewers
);
// Pull requests tell hashes of 12 digits; this tells the whole one.
Call get_commit(const Repo& repo, const std::string& commit);
Call decline(const Repo& repo, std::int64_t number);
Call list_comments(const Repo& repo, std::int64_t number);
Call add_comment(const Repo& repo, std::int64_t number, const std::string& text);
Call merge_pull(const Repo& repo, std::int64_t number, const MergeRequest& wanted);
// `fallback_url`: a status needs some link.
Call set_status(
    const Repo& repo,
    const std::string& commit,
    const CheckStatus& status,
    const std::string& fallback_url
);
Call get_member(const Repo& repo, const std::string& account);
Call list_members(const Repo& repo);
Call permissions_of(const Repo& repo, const std::string& account);
Call explicit_permission_of(const Repo& repo, const std::string& account);
Call get_branch(const Repo& repo, const std::string& branch);
Call delete_branch(const Repo& repo, const std::string& branch);

}  // namespace linkspan::forge::bitbucket_cloud
