#include "service/forge/azure_requests.h"

#include "service/forge/again.h"
#include "service/forge/json_fields.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge::azure {

using transport::percent_encode;

namespace {

constexpr std::string_view kVersion = "api-version=7.0";
constexpr std::size_t kPage = 100;

// `rest` may have a query.
std::string under(const Repo& repo, std::string_view rest) {
    return fmt::format(
        "/{}/_apis/git/repositories/{}{}{}{}",
        percent_encode(repo.project),
        percent_encode(repo.name),
        rest,
        rest.find('?') == std::string_view::npos ? "?" : "&",
        kVersion
    );
}

std::string request_path(const Repo& repo, std::int64_t number, std::string_view rest = {}) {
    return under(repo, fmt::format("/pullrequests/{}{}", number, rest));
}

Call write(std::string method, std::string path, const Json& body) {
    return {.method = std::move(method), .path = std::move(path), .body = write_json(body)};
}

std::string full_ref(const std::string& branch) { return "refs/heads/" + branch; }

Json completion(const MergeRequest& wanted) {
    const auto* const strategy = wanted.method == MergeMethod::Merge    ? "noFastForward"
                                 : wanted.method == MergeMethod::Squash ? "squash"
                                                                        : "rebase";
    Json options{{"mergeStrategy", strategy}, {"deleteSourceBranch", wanted.delete_branch}};
    std::string message = wanted.title;
    if (!wanted.message.empty()) message += (message.empty() ? "" : "\n\n") + wanted.message;
    if (!message.empty()) options["mergeCommitMessage"] = message;
    return options;
}

}  // namespace

Call find_requests(
    const Repo& repo,
    const std::string& head,
    const std::string& base,
    std::optional<State> state,
    std::size_t skip
) {
    std::string status = "all";
    if (state == State::Open) status = "active";
    if (state == State::Closed) status = "abandoned";
    if (state == State::Merged) status = "completed";
    std::vector<std::pair<std::string_view, std::string>> query{
        {"searchCriteria.status", status}, {"searchCriteria.sourceRefName", full_ref(head)}};
    if (!base.empty()) query.emplace_back("searchCriteria.targetRefName", full_ref(base));
    query.emplace_back("$top", std::to_string(kPage));
    query.emplace_back("$skip", std::to_string(skip));
    return {.path = under(repo, "/pullrequests" + make_query(query))};
}

Call get_request(const Repo& repo, std::int64_t number) {
    return {.path = request_path(repo, number)};
}

Call open_request(const Repo& repo, const NewPullRequest& wanted) {
    return write(
        "POST",
        under(repo, "/pullrequests"),
        {{"sourceRefName", full_ref(wanted.head)},
         {"targetRefName", full_ref(wanted.base)},
         {"title", wanted.title},
         {"description", wanted.body},
         {"isDraft", wanted.draft}}
    );
}

std::optional<Call> update_request(
    const Repo& repo, const PullRequest& now, const PullRequestChange& change
) {
    Json body = Json::object();
    if (change.title && *change.title != now.title) body["title"] = *change.title;
    if (change.body && *change.body != now.body) body["description"] = *change.body;
    if (change.draft && *change.draft != now.draft) body["isDraft"] = *change.draft;
    if (change.base && *change.base != now.base) body["targetRefName"] = full_ref(*change.base);
    if (body.empty()) return std::nullopt;
    return write("PATCH", request_path(repo, now.number), body);
}

Call set_state(const Repo& repo, std::int64_t number, bool open) {
    return write("PATCH", request_path(repo, number), {{"status", open ? "active" : "abandoned"}});
}

Call complete(const Repo& repo, std::int64_t number, const MergeRequest& wanted) {
    return write(
        "PATCH",
        request_path(repo, number),
        {{"status", "completed"},
         {"lastMergeSourceCommit", {{"commitId", wanted.head_commit}}},
         {"completionOptions", completion(wanted)}}
    );
}

Call set_auto_complete(
    const Repo& repo, std::int64_t number, const std::string& identity, const MergeRequest& wanted
) {
    return write(
        "PATCH",
        request_path(repo, number),
        {{"autoCompleteSetBy", {{"id", identity}}}, {"completionOptions", completion(wanted)}}
    );
}

Call cancel_auto_complete(const Repo& repo, std::int64_t number) {
    return write("PATCH", request_path(repo, number), {{"autoCompleteSetBy", {{"id", kNobody}}}});
}

Call who_am_i() { return {.path = "/_apis/connectionData?api-version=7.0-preview"}; }

Call list_policies(const Repo& repo, const std::string& project_id, std::int64_t number) {
    return {
        .path = fmt::format(
            "/{}/_apis/policy/evaluations?artifactId={}&$top=1000&{}-preview",
            percent_encode(repo.project),
            percent_encode(fmt::format("vstfs:///CodeReview/CodeReviewId/{}/{}", project_id, number)
            ),
            kVersion
        )};
}

Call list_statuses(const Repo& repo, const std::string& commit) {
    return {
        .path = under(
            repo, "/commits/" + percent_encode(commit) + "/statuses?top=1000&latestOnly=true"
        )};
}

Call add_label(const Repo& repo, std::int64_t number, const std::string& label) {
    return write("POST", request_path(repo, number, "/labels"), {{"name", label}});
}

Call remove_label(const Repo& repo, std::int64_t number, const std::string& label) {
    return {
        .method = "DELETE", .path = request_path(repo, number, "/labels/" + percent_encode(label))};
}

Call list_labels(const Repo& repo, std::int64_t number) {
    return {.path = request_path(repo, number, "/labels")};
}

Call list_teams(const Repo& repo, std::size_t skip) {
    return {
        .path = fmt::format(
            "/_apis/projects/{}/teams?$top={}&$skip={}&{}",
            percent_encode(repo.project),
            kPage,
            skip,
            kVersion
        )};
}

Call list_members(const Repo& repo, const std::string& team) {
    return {
        .path = fmt::format(
            "/_apis/projects/{}/teams/{}/members?$top=1000&{}",
            percent_encode(repo.project),
            percent_encode(team),
            kVersion
        )};
}

Call add_reviewer(const Repo& repo, std::int64_t number, const std::string& identity) {
    return write(
        "PUT",
        request_path(repo, number, "/reviewers/" + percent_encode(identity)),
        {{"id", identity}, {"vote", 0}, {"isRequired", false}}
    );
}

Call list_threads(const Repo& repo, std::int64_t number) {
    return {.path = request_path(repo, number, "/threads")};
}

Call add_thread(const Repo& repo, std::int64_t number, const std::string& text) {
    // Closed: an open thread would stand in the way where comments have to be resolved.
    return write(
        "POST",
        request_path(repo, number, "/threads"),
        {{"comments",
          Json::array({{{"parentCommentId", 0}, {"content", text}, {"commentType", "text"}}})},
         {"status", "closed"}}
    );
}

Call set_status(const Repo& repo, const std::string& commit, const CheckStatus& status) {
    const auto* const state = status.state == CheckState::Pending   ? "pending"
                              : status.state == CheckState::Success ? "succeeded"
                                                                    : "failed";
    // "linkspan/soak" is a genre and a name here.
    const auto slash = status.context.find('/');
    Json context{{"name", status.context}};
    if (slash != std::string::npos) {
        context = {
            {"genre", status.context.substr(0, slash)}, {"name", status.context.substr(slash + 1)}};
    }
    Json body{{"state", state}, {"context", context}, {"description", status.description}};
    if (!status.url.empty()) body["targetUrl"] = status.url;
    return write("POST", under(repo, "/commits/" + percent_encode(commit) + "/statuses"), body);
}

Call get_ref(const Repo& repo, const std::string& branch) {
    // A filter is a prefix: the reader takes the one that is meant.
    return {.path = under(repo, "/refs" + make_query({{"filter", "heads/" + branch}}))};
}

Call delete_ref(const Repo& repo, const std::string& branch, const std::string& expected) {
    return write(
        "POST",
        under(repo, "/refs"),
        Json::array(
            {{{"name", full_ref(branch)}, {"oldObjectId", expected}, {"newObjectId", kNoCommit}}}
        )
    );
}

}  // namespace linkspan::forge::azure
