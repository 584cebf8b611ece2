// GitLab's requests. Pure.
// https://docs.gitlab.com/api/merge_requests/ and its neighbours
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::forge::gitlab {

// "group/sub/fleet"; in paths one encoded word.
using Project = std::string;

Call get_project(const Project& project);
Call find_requests(
    const Project& project,
    const std::string& head,
    const std::string& base,
    std::optional<State> state
);
Call get_request(const Project& project, std::int64_t number);
Call open_request(const Project& project, const NewPullRequest& wanted);
// nullopt: nothing to change.
std::optional<Call> update_request(
    const Project& project, const PullRequest& now, const PullRequestChange& change
);
Call set_state(const Project& project, std::int64_t number, bool open);
Call change_labels(
    const Project& project, std::int64_t number, const std::vector<std::string>& labels, bool add
);
Call find_user(const std::string& name);
// All of them: the lists are replaced.
Call set_people(
    const Project& project,
    std::int64_t number,
    const std::vector<std::int64_t>& assignees,
    const std::vector<std::int64_t>& reviewers
);
Call find_milestone(const Project& project, const std::string& title);
Call set_milestone(const Project& project, std::int64_t number, std::int64_t milestone);
Call list_label_events(const Project& project, std::int64_t number);
Call list_notes(const Project& project, std::int64_t number);
Call add_note(const Project& project, std::int64_t number, const std::string& text);

// `auto_merge` is the field from 17.11 on, merge_when_pipeline_succeeds that before; each version
// ignores what it does not know, so both are sent.
Call merge_request(
    const Project& project, std::int64_t number, const MergeRequest& wanted, bool auto_merge
);
Call add_to_merge_train(const Project& project, std::int64_t number, const MergeRequest& wanted);
Call cancel_auto_merge(const Project& project, std::int64_t number);
Call set_status(const Project& project, const std::string& commit, const CheckStatus& status);
Call get_member(const Project& project, std::int64_t user);
Call get_branch(const Project& project, const std::string& branch);
Call delete_branch(const Project& project, const std::string& branch);
Call get_commit(const Project& project, const std::string& commit);
Call create_commit(const Project& project, const ApiCommit& commit);

}  // namespace linkspan::forge::gitlab
