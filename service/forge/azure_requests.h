// Azure DevOps' requests. Pure.
// https://learn.microsoft.com/rest/api/azure/devops/git/
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::forge::azure {

// The longest description, in characters (of UTF-16, as .NET counts).
inline constexpr std::size_t kLongestDescription = 4000;
inline constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";
inline constexpr std::string_view kNoCommit = "0000000000000000000000000000000000000000";

// The organization is in the base.
struct Repo {
    std::string organization;
    std::string project;
    std::string name;
};

Call find_requests(
    const Repo& repo,
    const std::string& head,
    const std::string& base,
    std::optional<State> state,
    std::size_t skip
);
Call get_request(const Repo& repo, std::int64_t number);
Call open_request(const Repo& repo, const NewPullRequest& wanted);
// nullopt: nothing to change.
std::optional<Call> update_request(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
);
// A call of its own: with anything else beside it, a reopening is refused.
Call set_state(const Repo& repo, std::int64_t number, bool open);
Call complete(const Repo& repo, std::int64_t number, const MergeRequest& wanted);
Call set_auto_complete(
    const Repo& repo, std::int64_t number, const std::string& identity, const MergeRequest& wanted
);
Call cancel_auto_complete(const Repo& repo, std::int64_t number);
Call who_am_i();
// Branch policies of a pull request, blocking and optional ones. `project_id`: a GUID.
Call list_policies(const Repo& repo, const std::string& project_id, std::int64_t number);
Call list_statuses(const Repo& repo, const std::string& commit);

Call add_label(const Repo& repo, std::int64_t number, const std::string& label);
Call remove_label(const Repo& repo, std::int64_t number, const std::string& label);
Call list_labels(const Repo& repo, std::int64_t number);
Call list_teams(const Repo& repo, std::size_t skip);
Call list_members(const Repo& repo, const std::string& team);
Call add_reviewer(const Repo& repo, std::int64_t number, const std::string& identity);
Call list_threads(const Repo& repo, std::int64_t number);
Call add_thread(const Repo& repo, std::int64_t number, const std::string& text);
Call set_status(const Repo& repo, const std::string& commit, const CheckStatus& status);
Call get_ref(const Repo& repo, const std::string& branch);
Call delete_ref(const Repo& repo, const std::string& branch, const std::string& expected);

}  // namespace linkspan::forge::azure
