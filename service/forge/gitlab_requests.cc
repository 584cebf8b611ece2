#include "service/forge/gitlab_requests.h"

#include "core/base64.h"
#include "service/forge/again.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge::gitlab {

using transport::percent_encode;

namespace {

constexpr std::size_t kLongestDescription = 255;  // of a status

std::string under(const Project& project, std::string_view rest) {
    return fmt::format("/projects/{}{}", percent_encode(project), rest);
}

std::string request_path(const Project& project, std::int64_t number, std::string_view rest = {}) {
    return under(project, fmt::format("/merge_requests/{}{}", number, rest));
}

Call write(std::string method, std::string path, const Json& body) {
    return {.method = std::move(method), .path = std::move(path), .body = write_json(body)};
}

std::string titled(const std::string& title, bool draft) {
    return draft ? "Draft: " + title : title;
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const auto& item : list) out += (out.empty() ? "" : ",") + item;
    return out;
}

}  // namespace

Call get_project(const Project& project) { return {.path = under(project, "")}; }

Call find_requests(
    const Project& project,
    const std::string& head,
    const std::string& base,
    std::optional<State> state
) {
    std::string wanted = "all";
    if (state == State::Open) wanted = "opened";
    if (state == State::Closed) wanted = "closed";
    if (state == State::Merged) wanted = "merged";
    std::vector<std::pair<std::string_view, std::string>> query{
        {"state", wanted}, {"source_branch", head}};
    if (!base.empty()) query.emplace_back("target_branch", base);
    query.emplace_back("order_by", "created_at");
    query.emplace_back("sort", "desc");
    query.emplace_back("per_page", "100");
    return {.path = under(project, "/merge_requests") + make_query(query)};
}

Call get_request(const Project& project, std::int64_t number) {
    return {.path = request_path(project, number)};
}

Call open_request(const Project& project, const NewPullRequest& wanted) {
    return write(
        "POST",
        under(project, "/merge_requests"),
        {{"source_branch", wanted.head},
         {"target_branch", wanted.base},
         {"title", titled(wanted.title, wanted.draft)},
         {"description", wanted.body},
         {"remove_source_branch", wanted.delete_branch_on_merge}}
    );
}

std::optional<Call> update_request(
    const Project& project, const PullRequest& now, const PullRequestChange& change
) {
    Json body = Json::object();
    const std::string title = change.title.value_or(now.title);
    const bool draft = change.draft.value_or(now.draft);
    if (title != now.title || draft != now.draft) body["title"] = titled(title, draft);
    if (change.body && *change.body != now.body) body["description"] = *change.body;
    if (change.base && *change.base != now.base) body["target_branch"] = *change.base;
    if (body.empty()) return std::nullopt;
    return write("PUT", request_path(project, now.number), body);
}

Call set_state(const Project& project, std::int64_t number, bool open) {
    return write(
        "PUT", request_path(project, number), {{"state_event", open ? "reopen" : "close"}}
    );
}

Call change_labels(
    const Project& project, std::int64_t number, const std::vector<std::string>& labels, bool add
) {
    return write(
        "PUT",
        request_path(project, number),
        {{add ? "add_labels" : "remove_labels", joined(labels)}}
    );
}

Call find_user(const std::string& name) {
    return {.path = "/users" + make_query({{"username", name}})};
}

Call set_people(
    const Project& project,
    std::int64_t number,
    const std::vector<std::int64_t>& assignees,
    const std::vector<std::int64_t>& reviewers
) {
    return write(
        "PUT",
        request_path(project, number),
        {{"assignee_ids", assignees}, {"reviewer_ids", reviewers}}
    );
}

Call find_milestone(const Project& project, const std::string& title) {
    return {
        .path = under(project, "/milestones") +
                make_query({{"title", title}, {"state", "active"}, {"include_ancestors", "true"}})};
}

Call set_milestone(const Project& project, std::int64_t number, std::int64_t milestone) {
    return write("PUT", request_path(project, number), {{"milestone_id", milestone}});
}

Call list_label_events(const Project& project, std::int64_t number) {
    return {.path = request_path(project, number, "/resource_label_events?per_page=100")};
}

Call list_notes(const Project& project, std::int64_t number) {
    return {
        .path = request_path(project, number, "/notes?sort=asc&order_by=created_at&per_page=100")};
}

Call add_note(const Project& project, std::int64_t number, const std::string& text) {
    return write("POST", request_path(project, number, "/notes"), {{"body", text}});
}

Call merge_request(
    const Project& project, std::int64_t number, const MergeRequest& wanted, bool auto_merge
) {
    const bool squash = wanted.method == MergeMethod::Squash;
    Json body{
        {"sha", wanted.head_commit},
        {"squash", squash},
        {"should_remove_source_branch", wanted.delete_branch}};
    std::string message = wanted.title;
    if (!wanted.message.empty()) message += (message.empty() ? "" : "\n\n") + wanted.message;
    if (!message.empty()) body[squash ? "squash_commit_message" : "merge_commit_message"] = message;
    if (auto_merge) {
        body["auto_merge"] = true;
        body["merge_when_pipeline_succeeds"] = true;
    }
    return write("PUT", request_path(project, number, "/merge"), body);
}

Call add_to_merge_train(const Project& project, std::int64_t number, const MergeRequest& wanted) {
    return write(
        "POST",
        under(project, fmt::format("/merge_trains/merge_requests/{}", number)),
        {{"sha", wanted.head_commit},
         {"squash", wanted.method == MergeMethod::Squash},
         {"auto_merge", true},
         {"when_pipeline_succeeds", true}}
    );
}

Call cancel_auto_merge(const Project& project, std::int64_t number) {
    return {
        .method = "POST",
        .path = request_path(project, number, "/cancel_merge_when_pipeline_succeeds")};
}

Call set_status(const Project& project, const std::string& commit, const CheckStatus& status) {
    const auto* const state = status.state == CheckState::Pending   ? "pending"
                              : status.state == CheckState::Success ? "success"
                                                                    : "failed";
    Json body{
        {"state", state},
        {"name", status.context},
        {"description", shortened(status.description, kLongestDescription)}};
    if (!status.url.empty()) body["target_url"] = status.url;
    return write("POST", under(project, "/statuses/" + percent_encode(commit)), body);
}

Call get_member(const Project& project, std::int64_t user) {
    return {.path = under(project, fmt::format("/members/all/{}", user))};
}

Call get_branch(const Project& project, const std::string& branch) {
    return {.path = under(project, "/repository/branches/" + percent_encode(branch))};
}

Call delete_branch(const Project& project, const std::string& branch) {
    return {
        .method = "DELETE",
        .path = under(project, "/repository/branches/" + percent_encode(branch))};
}

Call get_commit(const Project& project, const std::string& commit) {
    return {.path = under(project, "/repository/commits/" + percent_encode(commit))};
}

Call create_commit(const Project& project, const ApiCommit& commit) {
    Json actions = Json::array();
    for (const auto& file : commit.files) {
        actions.push_back(
            {{"action", "update"},
             {"file_path", file.path},
             {"content", to_base64(file.content)},
             {"encoding", "base64"}}
        );
    }
    Json body{
        {"branch", commit.branch},
        {"start_sha", commit.base},
        {"commit_message", commit.message},
        {"actions", actions}};
    // What is there is replaced: one commit on the base, never one on top.
    if (!commit.expected_head.empty()) body["force"] = true;
    return write("POST", under(project, "/repository/commits"), body);
}

}  // namespace linkspan::forge::gitlab
