// Bitbucket Data Center's requests. Pure.
// https://developer.atlassian.com/server/bitbucket/rest/
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::forge::bitbucket_dc {

struct Repo {
    std::string key;  // of the project; "~user" for a personal one
    std::string slug;
};

Call find_pulls(
    const Repo& repo, const std::string& head, std::optional<State> state, std::int64_t start
);
Call get_pull(const Repo& repo, std::int64_t number);
Call get_mergeability(const Repo& repo, std::int64_t number);
// How many builds of a commit run, have failed, were successful.
Call get_build_stats(const std::string& commit);
Call get_auto_merge(const Repo& repo, std::int64_t number);
Call open_pull(const Repo& repo, const NewPullRequest& wanted);
// Everything that a PUT replaces is sent, with the version that it replaces.
Call update_pull(
    const Repo& repo,
    const PullRequest& now,
    const PullRequestChange& change,
    const std::vector<std::string>& reviewers
);
// `verb`: "decline" or "reopen".
Call turn(const Repo& repo, const PullRequest& now, std::string_view verb);
Call list_activities(const Repo& repo, std::int64_t number, std::int64_t start);
Call add_comment(const Repo& repo, std::int64_t number, const std::string& text);
Call merge_pull(
    const Repo& repo, const PullRequest& now, const MergeRequest& wanted, bool auto_merge
);
Call cancel_auto_merge(const Repo& repo, std::int64_t number);
// `fallback_url`: a status needs some link.
Call set_status(
    const std::string& commit, const CheckStatus& status, const std::string& fallback_url
);
// Users with the right to write, whose name contains this one.
Call find_writers(const Repo& repo, const std::string& user);
Call find_branches(const Repo& repo, const std::string& branch);
// Only when it is still at `expected`.
Call delete_branch(const Repo& repo, const std::string& branch, const std::string& expected);

}  // namespace linkspan::forge::bitbucket_dc
