#include "service/forge/github_requests.h"

#include "core/base64.h"
#include "service/forge/again.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge::github {

using transport::percent_encode;

namespace {

constexpr std::size_t kLongestDescription = 140;  // of a status

std::string under(const Repo& repo, std::string_view rest) {
    return fmt::format(
        "/repos/{}/{}{}", percent_encode(repo.owner), percent_encode(repo.name), rest
    );
}

Call write(std::string method, std::string path, const Json& body) {
    return {.method = std::move(method), .path = std::move(path), .body = write_json(body)};
}

Call mutate(std::string_view mutation, std::string_view input_type, Json input) {
    const std::string query = fmt::format(
        "mutation($input:{}!){{{}(input:$input){{clientMutationId}}}}", input_type, mutation
    );
    Json body{{"query", query}, {"variables", {{"input", std::move(input)}}}};
    return {.method = "POST", .path = "", .body = write_json(body), .graphql = true};
}

std::string slug(const std::string& team) {
    const auto slash = team.rfind('/');
    return slash == std::string::npos ? team : team.substr(slash + 1);
}

}  // namespace

Call find_pulls(
    const Repo& repo, const std::string& head, const std::string& base, std::optional<State> state
) {
    const std::string wanted = !state ? "all" : *state == State::Open ? "open" : "closed";
    std::vector<std::pair<std::string_view, std::string>> query{{"head", head}, {"state", wanted}};
    if (!base.empty()) query.emplace_back("base", base);
    query.emplace_back("sort", "created");
    query.emplace_back("direction", "desc");
    query.emplace_back("per_page", "100");
    return {.path = under(repo, "/pulls") + make_query(query)};
}

Call get_repository(const Repo& repo) { return {.path = under(repo, "")}; }

Call get_pull(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/pulls/{}", number))};
}

Call get_issue(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/issues/{}", number))};
}

Call open_pull(const Repo& repo, const NewPullRequest& wanted) {
    return write(
        "POST",
        under(repo, "/pulls"),
        {{"title", wanted.title},
         {"head", wanted.head},
         {"base", wanted.base},
         {"body", wanted.body},
         {"draft", wanted.draft}}
    );
}

std::optional<Call> update_pull(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
) {
    Json body = Json::object();
    if (change.title && *change.title != now.title) body["title"] = *change.title;
    if (change.body && *change.body != now.body) body["body"] = *change.body;
    if (change.base && *change.base != now.base) body["base"] = *change.base;
    if (body.empty()) return std::nullopt;
    return write("PATCH", under(repo, fmt::format("/pulls/{}", now.number)), body);
}

Call set_state(const Repo& repo, std::int64_t number, bool open) {
    return write(
        "PATCH",
        under(repo, fmt::format("/pulls/{}", number)),
        {{"state", open ? "open" : "closed"}}
    );
}

Call add_labels(const Repo& repo, std::int64_t number, const std::vector<std::string>& labels) {
    return write(
        "POST", under(repo, fmt::format("/issues/{}/labels", number)), {{"labels", labels}}
    );
}

Call remove_label(const Repo& repo, std::int64_t number, const std::string& label) {
    return {
        .method = "DELETE",
        .path = under(repo, fmt::format("/issues/{}/labels/{}", number, percent_encode(label)))};
}

Call add_assignees(const Repo& repo, std::int64_t number, const std::vector<std::string>& users) {
    return write(
        "POST", under(repo, fmt::format("/issues/{}/assignees", number)), {{"assignees", users}}
    );
}

Call request_reviews(
    const Repo& repo,
    std::int64_t number,
    const std::vector<std::string>& users,
    const std::vector<std::string>& teams
) {
    Json slugs = Json::array();
    for (const auto& team : teams) slugs.push_back(slug(team));
    return write(
        "POST",
        under(repo, fmt::format("/pulls/{}/requested_reviewers", number)),
        {{"reviewers", users}, {"team_reviewers", slugs}}
    );
}

Call list_milestones(const Repo& repo) {
    return {.path = under(repo, "/milestones?state=open&per_page=100")};
}

Call set_milestone(const Repo& repo, std::int64_t number, std::int64_t milestone) {
    return write(
        "PATCH", under(repo, fmt::format("/issues/{}", number)), {{"milestone", milestone}}
    );
}

Call list_events(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/issues/{}/events?per_page=100", number))};
}

Call list_comments(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/issues/{}/comments?per_page=100", number))};
}

Call add_comment(const Repo& repo, std::int64_t number, const std::string& text) {
    return write("POST", under(repo, fmt::format("/issues/{}/comments", number)), {{"body", text}});
}

Call merge_pull(const Repo& repo, std::int64_t number, const MergeRequest& wanted) {
    const auto* const method = wanted.method == MergeMethod::Merge    ? "merge"
                               : wanted.method == MergeMethod::Squash ? "squash"
                                                                      : "rebase";
    Json body{{"merge_method", method}, {"sha", wanted.head_commit}};
    if (!wanted.title.empty()) body["commit_title"] = wanted.title;
    if (!wanted.message.empty()) body["commit_message"] = wanted.message;
    return write("PUT", under(repo, fmt::format("/pulls/{}/merge", number)), body);
}

Call set_status(const Repo& repo, const std::string& commit, const CheckStatus& status) {
    const auto* const state = status.state == CheckState::Pending   ? "pending"
                              : status.state == CheckState::Success ? "success"
                                                                    : "failure";
    Json body{
        {"state", state},
        {"context", status.context},
        {"description", shortened(status.description, kLongestDescription)}};
    if (!status.url.empty()) body["target_url"] = status.url;
    return write("POST", under(repo, "/statuses/" + percent_encode(commit)), body);
}

Call permission_of(const Repo& repo, const std::string& user) {
    return {.path = under(repo, fmt::format("/collaborators/{}/permission", percent_encode(user)))};
}

Call get_ref(const Repo& repo, const std::string& branch) {
    return {.path = under(repo, "/git/ref/heads/" + encode_path(branch))};
}

Call create_ref(const Repo& repo, const std::string& branch, const std::string& commit) {
    return write(
        "POST", under(repo, "/git/refs"), {{"ref", "refs/heads/" + branch}, {"sha", commit}}
    );
}

Call force_ref(const Repo& repo, const std::string& branch, const std::string& commit) {
    return write(
        "PATCH",
        under(repo, "/git/refs/heads/" + encode_path(branch)),
        {{"sha", commit}, {"force", true}}
    );
}

Call delete_ref(const Repo& repo, const std::string& branch) {
    return {.method = "DELETE", .path = under(repo, "/git/refs/heads/" + encode_path(branch))};
}

Call get_commit(const Repo& repo, const std::string& commit) {
    return {.path = under(repo, "/git/commits/" + percent_encode(commit))};
}

Call create_blob(const Repo& repo, const std::string& content) {
    return write(
        "POST", under(repo, "/git/blobs"), {{"content", to_base64(content)}, {"encoding", "base64"}}
    );
}

Call create_tree(
    const Repo& repo,
    const std::string& base_tree,
    const std::vector<ApiFile>& files,
    const std::vector<std::string>& blobs
) {
    Json tree = Json::array();
    for (std::size_t i = 0; i < files.size(); ++i) {
        Json entry{{"path", files[i].path}, {"mode", files[i].mode}, {"type", "blob"}};
        if (i < blobs.size() && !blobs[i].empty()) {
            entry["sha"] = blobs[i];
        } else {
            entry["content"] = files[i].content;
        }
        tree.push_back(std::move(entry));
    }
    return write("POST", under(repo, "/git/trees"), {{"base_tree", base_tree}, {"tree", tree}});
}

Call create_commit(
    const Repo& repo, const std::string& message, const std::string& tree, const std::string& parent
) {
    return write(
        "POST",
        under(repo, "/git/commits"),
        {{"message", message}, {"tree", tree}, {"parents", Json::array({parent})}}
    );
}

Call enable_auto_merge(const std::string& id, const MergeRequest& wanted) {
    const auto* const method = wanted.method == MergeMethod::Merge    ? "MERGE"
                               : wanted.method == MergeMethod::Squash ? "SQUASH"
                                                                      : "REBASE";
    Json input{
        {"pullRequestId", id}, {"mergeMethod", method}, {"expectedHeadOid", wanted.head_commit}};
    // GitHub refuses a headline for a rebase.
    if (wanted.method != MergeMethod::Rebase) {
        if (!wanted.title.empty()) input["commitHeadline"] = wanted.title;
        if (!wanted.message.empty()) input["commitBody"] = wanted.message;
    }
    return mutate(
        "enablePullRequestAutoMerge", "EnablePullRequestAutoMergeInput", std::move(input)
    );
}

Call disable_auto_merge(const std::string& id) {
    return mutate(
        "disablePullRequestAutoMerge", "DisablePullRequestAutoMergeInput", {{"pullRequestId", id}}
    );
}

Call look_at_queue(const std::string& id) {
    const Json body{
        {"query",
         "query($id:ID!){node(id:$id){__typename ...on PullRequest{isMergeQueueEnabled "
         "isInMergeQueue}}}"},
        {"variables", {{"id", id}}}};
    return {.method = "POST", .path = "", .body = write_json(body), .graphql = true};
}

Call dequeue(const std::string& id) {
    // Not "pullRequestId", as everywhere else.
    return mutate("dequeuePullRequest", "DequeuePullRequestInput", {{"id", id}});
}

Call enqueue(const std::string& id, const std::string& head_commit) {
    return mutate(
        "enqueuePullRequest",
        "EnqueuePullRequestInput",
        {{"pullRequestId", id}, {"expectedHeadOid", head_commit}}
    );
}

Call set_draft(const std::string& id, bool draft) {
    return draft ? mutate(
                       "convertPullRequestToDraft",
                       "ConvertPullRequestToDraftInput",
                       {{"pullRequestId", id}}
                   )
                 : mutate(
                       "markPullRequestReadyForReview",
                       "MarkPullRequestReadyForReviewInput",
                       {{"pullRequestId", id}}
                   );
}

}  // namespace linkspan::forge::github
