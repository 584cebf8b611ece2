#include "service/forge/bitbucket_cloud_requests.h"

#include "service/forge/again.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge::bitbucket_cloud {

using transport::percent_encode;

namespace {

constexpr std::size_t kLongestKey = 40;  // of a status

std::string under(const Repo& repo, std::string_view rest) {
    return fmt::format(
        "/repositories/{}/{}{}", percent_encode(repo.workspace), percent_encode(repo.name), rest
    );
}

Call write(std::string method, std::string path, const Json& body) {
    return {.method = std::move(method), .path = std::move(path), .body = write_json(body)};
}

// A text inside the query language.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string description_of(const Json& pull) {
    const auto description = text(pull, {"description"});
    return description.empty() ? text(pull, {"summary", "raw"}) : description;
}

Json branch(const std::string& name) { return {{"branch", {{"name", name}}}}; }

}  // namespace

Call find_pulls(
    const Repo& repo,
    const std::string& head,
    const std::string& base,
    const std::vector<State>& states
) {
    std::string filter = "source.branch.name=" + quoted(head);
    if (!base.empty()) filter += " AND destination.branch.name=" + quoted(base);
    std::vector<std::pair<std::string_view, std::string>> parameters{{"q", filter}};
    for (const State state : states) {
        if (state == State::Open) parameters.emplace_back("state", "OPEN");
        if (state == State::Merged) parameters.emplace_back("state", "MERGED");
        if (state == State::Closed) {
            parameters.emplace_back("state", "DECLINED");
            parameters.emplace_back("state", "SUPERSEDED");
        }
    }
    parameters.emplace_back("sort", "-created_on");
    parameters.emplace_back("pagelen", "50");
    return {.path = under(repo, "/pullrequests") + make_query(parameters)};
}

Call get_statuses(const Repo& repo, const std::string& commit) {
    return {.path = under(repo, fmt::format("/commit/{}/statuses", percent_encode(commit)))};
}

Call get_pull(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/pullrequests/{}", number))};
}

Call open_pull(const Repo& repo, const NewPullRequest& wanted) {
    return write(
        "POST",
        under(repo, "/pullrequests"),
        {{"title", wanted.title},
         {"description", wanted.body},
         {"source", branch(wanted.head)},
         {"destination", branch(wanted.base)},
         {"close_source_branch", wanted.delete_branch_on_merge},
         {"draft", wanted.draft}}
    );
}

Call update_pull(
    const Repo& repo,
    const Json& as_is,
    const PullRequestChange& change,
    const std::vector<std::string>& reviewers
) {
    Json body{
        {"title", change.title.value_or(text(as_is, {"title"}))},
        {"description", change.body.value_or(description_of(as_is))},
        {"close_source_branch", flag(as_is, {"close_source_branch"})},
        {"draft", change.draft.value_or(flag(as_is, {"draft"}))}};
    if (change.base) body["destination"] = branch(*change.base);
    Json people = Json::array();
    for (const auto& uuid : reviewers) people.push_back({{"uuid", uuid}});
    body["reviewers"] = std::move(people);
    return write("PUT", under(repo, fmt::format("/pullrequests/{}", number(as_is, {"id"}))), body);
}

Call get_commit(const Repo& repo, const std::string& commit) {
    return {.path = under(repo, "/commit/" + percent_encode(commit))};
}

Call decline(const Repo& repo, std::int64_t number) {
    return {.method = "POST", .path = under(repo, fmt::format("/pullrequests/{}/decline", number))};
}

Call list_comments(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/pullrequests/{}/comments?pagelen=100", number))};
}

Call add_comment(const Repo& repo, std::int64_t number, const std::string& text) {
    return write(
        "POST",
        under(repo, fmt::format("/pullrequests/{}/comments", number)),
        {{"content", {{"raw", text}}}}
    );
}

Call merge_pull(const Repo& repo, std::int64_t number, const MergeRequest& wanted) {
    const auto* const strategy = wanted.method == MergeMethod::Merge    ? "merge_commit"
                                 : wanted.method == MergeMethod::Squash ? "squash"
                                                                        : "rebase_fast_forward";
    std::string message = wanted.title;
    if (!wanted.message.empty()) message += (message.empty() ? "" : "\n\n") + wanted.message;
    Json body{
        {"type", "pullrequest"},
        {"merge_strategy", strategy},
        {"close_source_branch", wanted.delete_branch}};
    if (!message.empty()) body["message"] = message;
    return write("POST", under(repo, fmt::format("/pullrequests/{}/merge", number)), body);
}

Call set_status(
    const Repo& repo,
    const std::string& commit,
    const CheckStatus& status,
    const std::string& fallback_url
) {
    const auto* const state = status.state == CheckState::Pending   ? "INPROGRESS"
                              : status.state == CheckState::Success ? "SUCCESSFUL"
                                                                    : "FAILED";
    // The end says more than the beginning: "linkspan/…".
    const std::string& name = status.context;
    const std::string key =
        name.size() <= kLongestKey ? name : name.substr(name.size() - kLongestKey);
    return write(
        "POST",
        under(repo, fmt::format("/commit/{}/statuses/build", percent_encode(commit))),
        {{"key", key},
         {"state", state},
         {"name", name},
         {"description", shortened(status.description, 255)},
         {"url", status.url.empty() ? fallback_url : status.url}}
    );
}

Call list_members(const Repo& repo) {
    return {
        .path = fmt::format("/workspaces/{}/members?pagelen=100", percent_encode(repo.workspace))};
}

Call permissions_of(const Repo& repo, const std::string& account) {
    return {
        .path = fmt::format(
                    "/workspaces/{}/permissions/repositories/{}",
                    percent_encode(repo.workspace),
                    percent_encode(repo.name)
                ) +
                make_query({{"q", "user.uuid=" + quoted(account)}})};
}

Call explicit_permission_of(const Repo& repo, const std::string& account) {
    return {.path = under(repo, "/permissions-config/users/" + percent_encode(account))};
}

Call get_branch(const Repo& repo, const std::string& branch) {
    return {.path = under(repo, "/refs/branches/" + encode_path(branch))};
}

Call delete_branch(const Repo& repo, const std::string& branch) {
    return {.method = "DELETE", .path = under(repo, "/refs/branches/" + encode_path(branch))};
}

}  // namespace linkspan::forge::bitbucket_cloud
