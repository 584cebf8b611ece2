#include "service/forge/bitbucket_dc_requests.h"

#include "service/forge/again.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>

#include <charconv>

namespace linkspan::forge::bitbucket_dc {

using transport::percent_encode;

namespace {

std::string under(const Repo& repo, std::string_view rest, std::string_view api = "api") {
    return fmt::format(
        "/rest/{}/1.0/projects/{}/repos/{}{}",
        api,
        percent_encode(repo.key),
        percent_encode(repo.slug),
        rest
    );
}

std::string pull_path(const Repo& repo, std::int64_t number, std::string_view rest = {}) {
    return under(repo, fmt::format("/pull-requests/{}{}", number, rest));
}

Call write(std::string method, std::string path, const Json& body) {
    return {.method = std::move(method), .path = std::move(path), .body = write_json(body)};
}

Json side(const Repo& repo, const std::string& branch) {
    return {
        {"id", "refs/heads/" + branch},
        {"repository", {{"slug", repo.slug}, {"project", {{"key", repo.key}}}}}};
}

std::int64_t version_of(const PullRequest& now) {
    std::int64_t version = 0;
    std::from_chars(now.version.data(), now.version.data() + now.version.size(), version);
    return version;
}

}  // namespace

Call find_pulls(
    const Repo& repo, const std::string& head, std::optional<State> state, std::int64_t start
) {
    std::string wanted = "ALL";
    if (state == State::Open) wanted = "OPEN";
    if (state == State::Closed) wanted = "DECLINED";
    if (state == State::Merged) wanted = "MERGED";
    return {
        .path = under(repo, "/pull-requests") + make_query({
                                                    {"state", wanted},
                                                    {"direction", "OUTGOING"},
                                                    {"at", "refs/heads/" + head},
                                                    {"order", "NEWEST"},
                                                    {"limit", "100"},
                                                    {"start", std::to_string(start)},
                                                })};
}

Call get_pull(const Repo& repo, std::int64_t number) { return {.path = pull_path(repo, number)}; }

Call get_mergeability(const Repo& repo, std::int64_t number) {
    return {.path = pull_path(repo, number, "/merge")};
}

Call get_build_stats(const std::string& commit) {
    return {.path = "/rest/build-status/1.0/commits/stats/" + percent_encode(commit)};
}

Call get_auto_merge(const Repo& repo, std::int64_t number) {
    return {.path = pull_path(repo, number, "/auto-merge")};
}

Call open_pull(const Repo& repo, const NewPullRequest& wanted) {
    Json body{
        {"title", wanted.title},
        {"description", wanted.body},
        {"fromRef", side(repo, wanted.head)},
        {"toRef", side(repo, wanted.base)}};
    // Older versions don't know the field.
    if (wanted.draft) body["draft"] = true;
    return write("POST", under(repo, "/pull-requests"), body);
}

Call update_pull(
    const Repo& repo,
    const PullRequest& now,
    const PullRequestChange& change,
    const std::vector<std::string>& reviewers
) {
    Json people = Json::array();
    for (const auto& name : reviewers) people.push_back({{"user", {{"name", name}}}});
    Json body{
        {"version", version_of(now)},
        {"title", change.title.value_or(now.title)},
        {"description", change.body.value_or(now.body)},
        {"reviewers", people}};
    // A version without drafts has none to lose.
    if (change.draft || now.draft) body["draft"] = change.draft.value_or(now.draft);
    if (change.base) body["toRef"] = side(repo, *change.base);
    return write("PUT", pull_path(repo, now.number), body);
}

Call turn(const Repo& repo, const PullRequest& now, std::string_view verb) {
    return {
        .method = "POST",
        .path = pull_path(repo, now.number, fmt::format("/{}?version={}", verb, version_of(now)))};
}

Call list_activities(const Repo& repo, std::int64_t number, std::int64_t start) {
    return {.path = pull_path(repo, number, fmt::format("/activities?limit=100&start={}", start))};
}

Call add_comment(const Repo& repo, std::int64_t number, const std::string& text) {
    return write("POST", pull_path(repo, number, "/comments"), {{"text", text}});
}

Call merge_pull(
    const Repo& repo, const PullRequest& now, const MergeRequest& wanted, bool auto_merge
) {
    const auto* const strategy = wanted.method == MergeMethod::Merge    ? "no-ff"
                                 : wanted.method == MergeMethod::Squash ? "squash"
                                                                        : "rebase-no-ff";
    std::string message = wanted.title;
    if (!wanted.message.empty()) message += (message.empty() ? "" : "\n\n") + wanted.message;
    Json body{{"strategyId", strategy}};
    if (!message.empty()) {
        body["message"] = message;
        // Else the platform puts a subject of its own before it.
        body["autoSubject"] = false;
    }
    if (auto_merge) body["autoMerge"] = true;
    return write(
        "POST", pull_path(repo, now.number, fmt::format("/merge?version={}", version_of(now))), body
    );
}

Call cancel_auto_merge(const Repo& repo, std::int64_t number) {
    return {.method = "DELETE", .path = pull_path(repo, number, "/auto-merge")};
}

Call set_status(
    const std::string& commit, const CheckStatus& status, const std::string& fallback_url
) {
    const auto* const state = status.state == CheckState::Pending   ? "INPROGRESS"
                              : status.state == CheckState::Success ? "SUCCESSFUL"
                                                                    : "FAILED";
    return write(
        "POST",
        "/rest/build-status/1.0/commits/" + percent_encode(commit),
        {{"key", status.context},
         {"state", state},
         {"name", status.context},
         {"description", shortened(status.description, 254)},
         {"url", status.url.empty() ? fallback_url : status.url}}
    );
}

Call find_writers(const Repo& repo, const std::string& user) {
    return {
        .path = "/rest/api/1.0/users" + make_query({
                                            {"filter", user},
                                            {"permission.1", "REPO_WRITE"},
                                            {"permission.1.projectKey", repo.key},
                                            {"permission.1.repositorySlug", repo.slug},
                                            {"limit", "100"},
                                        })};
}

Call find_branches(const Repo& repo, const std::string& branch) {
    return {
        .path = under(repo, "/branches") + make_query({
                                               {"filterText", branch},
                                               {"boostMatches", "true"},
                                               {"limit", "100"},
                                           })};
}

Call delete_branch(const Repo& repo, const std::string& branch, const std::string& expected) {
    return write(
        "DELETE",
        under(repo, "/branches", "branch-utils"),
        {{"name", "refs/heads/" + branch}, {"endPoint", expected}, {"dryRun", false}}
    );
}

}  // namespace linkspan::forge::bitbucket_dc
