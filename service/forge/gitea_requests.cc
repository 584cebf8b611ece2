#include "service/forge/gitea_requests.h"

#include "service/forge/again.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge::gitea {

using transport::percent_encode;

namespace {

std::string under(const Repo& repo, std::string_view rest) {
    return fmt::format(
        "/repos/{}/{}{}", percent_encode(repo.owner), percent_encode(repo.name), rest
    );
}

Call write(std::string method, std::string path, const Json& body) {
    return {.method = std::move(method), .path = std::move(path), .body = write_json(body)};
}

std::string paged(unsigned page) {
    return make_query({{"limit", "50"}, {"page", std::to_string(page)}});
}

std::string titled(const std::string& title, bool draft) {
    return draft ? std::string{kDraftPrefix} + title : title;
}

}  // namespace

Call list_pulls(const Repo& repo, bool open, unsigned page) {
    return {
        .path = under(repo, "/pulls") + make_query({
                                            {"state", open ? "open" : "closed"},
                                            {"limit", "50"},
                                            {"page", std::to_string(page)},
                                        })};
}

Call get_pull(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/pulls/{}", number))};
}

Call get_statuses(const Repo& repo, const std::string& commit, unsigned page) {
    return {
        .path =
            under(repo, fmt::format("/commits/{}/status", percent_encode(commit))) + paged(page)};
}

Call list_timeline(const Repo& repo, std::int64_t number, unsigned page) {
    return {.path = under(repo, fmt::format("/issues/{}/timeline", number)) + paged(page)};
}

Call get_repository(const Repo& repo) { return {.path = under(repo, "")}; }

Call open_pull(const Repo& repo, const NewPullRequest& wanted) {
    return write(
        "POST",
        under(repo, "/pulls"),
        {{"head", wanted.head},
         {"base", wanted.base},
         {"title", titled(wanted.title, wanted.draft)},
         {"body", wanted.body}}
    );
}

std::optional<Call> update_pull(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
) {
    Json body = Json::object();
    const std::string title = change.title.value_or(now.title);
    const bool draft = change.draft.value_or(now.draft);
    if (title != now.title || draft != now.draft) body["title"] = titled(title, draft);
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

Call list_labels(const Repo& repo, unsigned page) {
    return {.path = under(repo, "/labels") + paged(page)};
}

Call list_organization_labels(const Repo& repo, unsigned page) {
    return {.path = fmt::format("/orgs/{}/labels", percent_encode(repo.owner)) + paged(page)};
}

Call create_label(const Repo& repo, const std::string& name) {
    return write("POST", under(repo, "/labels"), {{"name", name}, {"color", "#ededed"}});
}

Call add_labels(const Repo& repo, std::int64_t number, const std::vector<std::int64_t>& ids) {
    return write("POST", under(repo, fmt::format("/issues/{}/labels", number)), {{"labels", ids}});
}

Call remove_label(const Repo& repo, std::int64_t number, std::int64_t id) {
    return {
        .method = "DELETE", .path = under(repo, fmt::format("/issues/{}/labels/{}", number, id))};
}

Call list_assignable(const Repo& repo) { return {.path = under(repo, "/assignees")}; }

Call set_assignees(const Repo& repo, std::int64_t number, const std::vector<std::string>& users) {
    return write("PATCH", under(repo, fmt::format("/pulls/{}", number)), {{"assignees", users}});
}

Call request_reviews(
    const Repo& repo,
    std::int64_t number,
    const std::vector<std::string>& users,
    const std::vector<std::string>& teams
) {
    Json names = Json::array();
    for (const auto& team : teams) names.push_back(team.substr(team.rfind('/') + 1));
    return write(
        "POST",
        under(repo, fmt::format("/pulls/{}/requested_reviewers", number)),
        {{"reviewers", users}, {"team_reviewers", names}}
    );
}

Call list_milestones(const Repo& repo, unsigned page) {
    return {
        .path = under(repo, "/milestones") + make_query({
                                                 {"state", "open"},
                                                 {"limit", "50"},
                                                 {"page", std::to_string(page)},
                                             })};
}

Call set_milestone(const Repo& repo, std::int64_t number, std::int64_t milestone) {
    return write(
        "PATCH", under(repo, fmt::format("/pulls/{}", number)), {{"milestone", milestone}}
    );
}

Call list_comments(const Repo& repo, std::int64_t number) {
    return {.path = under(repo, fmt::format("/issues/{}/comments", number))};
}

Call add_comment(const Repo& repo, std::int64_t number, const std::string& text) {
    return write("POST", under(repo, fmt::format("/issues/{}/comments", number)), {{"body", text}});
}

Call merge_pull(
    const Repo& repo, std::int64_t number, const MergeRequest& wanted, bool when_checks_succeed
) {
    const auto* const how = wanted.method == MergeMethod::Merge    ? "merge"
                            : wanted.method == MergeMethod::Squash ? "squash"
                                                                   : "rebase";
    Json body{
        {"Do", how},
        {"head_commit_id", wanted.head_commit},
        {"delete_branch_after_merge", wanted.delete_branch},
        {"merge_when_checks_succeed", when_checks_succeed}};
    if (!wanted.title.empty()) body["MergeTitleField"] = wanted.title;
    if (!wanted.message.empty()) body["MergeMessageField"] = wanted.message;
    return write("POST", under(repo, fmt::format("/pulls/{}/merge", number)), body);
}

Call cancel_auto_merge(const Repo& repo, std::int64_t number) {
    return {.method = "DELETE", .path = under(repo, fmt::format("/pulls/{}/merge", number))};
}

Call set_status(const Repo& repo, const std::string& commit, const CheckStatus& status) {
    const auto* const state = status.state == CheckState::Pending   ? "pending"
                              : status.state == CheckState::Success ? "success"
                                                                    : "failure";
    Json body{{"state", state}, {"context", status.context}, {"description", status.description}};
    if (!status.url.empty()) body["target_url"] = status.url;
    return write("POST", under(repo, "/statuses/" + percent_encode(commit)), body);
}

Call permission_of(const Repo& repo, const std::string& user) {
    return {.path = under(repo, fmt::format("/collaborators/{}/permission", percent_encode(user)))};
}

Call get_branch(const Repo& repo, const std::string& branch) {
    return {.path = under(repo, "/branches/" + encode_path(branch))};
}

Call delete_branch(const Repo& repo, const std::string& branch) {
    return {.method = "DELETE", .path = under(repo, "/branches/" + encode_path(branch))};
}

}  // namespace linkspan::forge::gitea
