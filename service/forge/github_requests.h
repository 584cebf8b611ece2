// GitHub's REST and GraphQL requests. Pure.
// https://docs.github.com/en/rest, https://docs.github.com/en/graphql
#pragma once

#include "service/forge/call.h"
#include "service/forge/forge.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::forge::github {

struct Repo {
    std::string owner;
    std::string name;
};

// `head` with its owner: "acme:bump".
Call find_pulls(
    const Repo& repo, const std::string& head, const std::string& base, std::optional<State> state
);
Call get_repository(const Repo& repo);
Call get_pull(const Repo& repo, std::int64_t number);
Call get_issue(const Repo& repo, std::int64_t number);
Call open_pull(const Repo& repo, const NewPullRequest& wanted);
// Title and body alone: draft is GraphQL's. nullopt: nothing to change.
std::optional<Call> update_pull(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
);
Call set_state(const Repo& repo, std::int64_t number, bool open);

Call add_labels(const Repo& repo, std::int64_t number, const std::vector<std::string>& labels);
Call remove_label(const Repo& repo, std::int64_t number, const std::string& label);
Call add_assignees(const Repo& repo, std::int64_t number, const std::vector<std::string>& users);
Call request_reviews(
    const Repo& repo,
    std::int64_t number,
    const std::vector<std::string>& users,
    const std::vector<std::string>& teams  // "acme/platform" or its slug
);
Call list_milestones(const Repo& repo);
Call set_milestone(const Repo& repo, std::int64_t number, std::int64_t milestone);
// What happened to it, oldest first.
Call list_events(const Repo& repo, std::int64_t number);
Call list_comments(const Repo& repo, std::int64_t number);
Call add_comment(const Repo& repo, std::int64_t number, const std::string& text);
Call merge_pull(const Repo& repo, std::int64_t number, const MergeRequest& wanted);
Call set_status(const Repo& repo, const std::string& commit, const CheckStatus& status);
Call permission_of(const Repo& repo, const std::string& user);

Call get_ref(const Repo& repo, const std::string& branch);
Call create_ref(const Repo& repo, const std::string& branch, const std::string& commit);
Call force_ref(const Repo& repo, const std::string& branch, const std::string& commit);
Call delete_ref(const Repo& repo, const std::string& branch);
Call get_commit(const Repo& repo, const std::string& commit);
Call create_blob(const Repo& repo, const std::string& content);
// `blobs`: the ids of files whose content is no text, by place; empty: the content travels inline.
Call create_tree(
    const Repo& repo,
    const std::string& base_tree,
    const std::vector<ApiFile>& files,
    const std::vector<std::string>& blobs
);
// Without author and committer: only then GitHub signs what an App commits.
Call create_commit(
    const Repo& repo, const std::string& message, const std::string& tree, const std::string& parent
);

Call enable_auto_merge(const std::string& id, const MergeRequest& wanted);
Call disable_auto_merge(const std::string& id);
// Of the pull request with this id: whether its base has a merge queue, and whether it is in it.
// REST tells neither: a queued pull request has no auto_merge there.
Call look_at_queue(const std::string& id);
Call enqueue(const std::string& id, const std::string& head_commit);
Call dequeue(const std::string& id);
Call set_draft(const std::string& id, bool draft);

}  // namespace linkspan::forge::github
