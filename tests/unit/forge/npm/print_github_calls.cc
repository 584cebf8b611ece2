// Every request that the GitHub client can make, one JSON object on each line.
#include "service/forge/github_requests.h"

#include <nlohmann/json.hpp>

#include <iostream>

using namespace linkspan::forge;
using namespace linkspan::forge::github;

namespace {

void print(const Call& call) {
    if (call.graphql) return;  // has a schema of its own
    nlohmann::json line{{"method", call.method}, {"path", call.path}};
    if (!call.body.empty()) line["body"] = nlohmann::json::parse(call.body);
    std::cout << line << '\n';
}

}  // namespace

int main() {
    const Repo repo{"acme", "fleet"};
    const std::string commit(40, 'a');
    PullRequest now;
    now.number = 7;
    const MergeRequest merge{
        .head_commit = commit, .method = MergeMethod::Squash, .title = "t", .message = "m"};
    for (const auto state :
         {std::optional<State>{},
          std::optional{State::Open},
          std::optional{State::Closed},
          std::optional{State::Merged}}) {
        print(find_pulls(repo, "acme:linkspan/prod/app", "main", state));
    }
    print(get_repository(repo));
    print(get_pull(repo, 7));
    print(get_issue(repo, 7));
    print(open_pull(repo, {.head = "a", .base = "main", .title = "t", .body = "b", .draft = true}));
    print(*update_pull(repo, now, {.title = "t", .body = "b", .base = "main"}));
    print(set_state(repo, 7, true));
    print(set_state(repo, 7, false));
    print(github::add_labels(repo, 7, {"a", "b c"}));
    print(remove_label(repo, 7, "b c"));
    print(add_assignees(repo, 7, {"ann"}));
    print(request_reviews(repo, 7, {"ann"}, {"acme/platform"}));
    print(list_milestones(repo));
    print(github::set_milestone(repo, 7, 3));
    print(list_comments(repo, 7));
    print(list_events(repo, 7));
    print(add_comment(repo, 7, "text"));
    for (const auto method : {MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase}) {
        MergeRequest one = merge;
        one.method = method;
        print(merge_pull(repo, 7, one));
    }
    for (const auto state : {CheckState::Pending, CheckState::Success, CheckState::Failure}) {
        print(github::set_status(
            repo,
            commit,
            {.context = "linkspan/soak",
             .state = state,
             .description = "d",
             .url = "https://a.example"}
        ));
    }
    print(permission_of(repo, "ann"));
    print(get_ref(repo, "linkspan/prod/app"));
    print(create_ref(repo, "linkspan/prod/app", commit));
    print(force_ref(repo, "linkspan/prod/app", commit));
    print(delete_ref(repo, "linkspan/prod/app"));
    print(get_commit(repo, commit));
    print(create_blob(repo, "\xff"));
    print(create_tree(repo, commit, {{.path = "a.yaml", .content = "a"}}, {}));
    print(create_tree(repo, commit, {{.path = "a.bin", .content = ""}}, {commit}));
    print(create_commit(repo, "m", commit, commit));
    // What GithubApp sends.
    print({.method = "GET", .path = "/repos/acme/fleet/installation"});
    print(
        {.method = "POST",
         .path = "/app/installations/7/access_tokens",
         .body =
             R"({"repositories":["fleet"],"permissions":{"contents":"write","pull_requests":"write","issues":"write","statuses":"write","metadata":"read"}})"}
    );
    return 0;
}
