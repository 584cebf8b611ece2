// Bitbucket Cloud's requests. Pure.
// https://developer.atlassian.com/cloud/bitbucket/rest/
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"
#include "service/forge/json_fields.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::forge::bitbucket_cloud {

struct Repo {
    std::string workspace;
    std::string name;
};

// Newest first.
Call find_pulls(
    const Repo& repo,
    const std::string& head,
    const std::string& base,
    const std::vector<State>& states
);
Call get_pull(const Repo& repo, std::int64_t number);
Call get_statuses(const Repo& repo, const std::string& commit);
Call open_pull(const Repo& repo, const NewPullRequest& wanted);
// What is left out of a PUT is lost, so all is sent as it is, but for the change. `as_is`: the
// platform's pull request; `reviewers` are UUIDs.
Call update_pull(
    const Repo& repo,
    const Json& as_is,
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
Call list_members(const Repo& repo);
Call permissions_of(const Repo& repo, const std::string& account);
Call explicit_permission_of(const Repo& repo, const std::string& account);
Call get_branch(const Repo& repo, const std::string& branch);
Call delete_branch(const Repo& repo, const std::string& branch);

}  // namespace linkspan::forge::bitbucket_cloud
