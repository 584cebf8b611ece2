// What Azure DevOps' answers mean. Pure.
#pragma once

#include "service/forge/azure_requests.h"
#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <optional>
#include <string>
#include <vector>

namespace linkspan::forge::azure {

// Lists have descriptions only up to here ("truncated up to 400 symbols"), and labels; one pull
// request has the whole description, and no labels.
inline constexpr std::size_t kListedDescription = 400;

// `web`: "https://dev.azure.com"; the answer's own URL is the API's.
PullRequest read_request(const Json& request, const Repo& repo, const std::string& web);
std::vector<std::string> read_labels(const Json& labels);
bool may_be_cut(const PullRequest& listed);
// Of this repository alone, without forks; newest first.
std::vector<PullRequest> read_requests(const Json& body, const Repo& repo, const std::string& web);
// People's comments, without what the platform writes itself ("system").
std::vector<Comment> read_threads(const Json& body);
// The commit of a branch among those that a filter gave.
std::optional<std::string> read_ref(const Json& body, const std::string& branch);
// nullopt: it is being merged, and has to be looked at again.
Result<std::optional<MergeAnswer>> read_completion(
    const transport::HttpResponse& response, const Repo& repo, const std::string& web
);
// The same of a pull request that was looked at again.
std::optional<MergeAnswer> judge(const Json& request, const PullRequest& now);
// What of the policies and the statuses runs, waits or has failed, optional ones too, in words;
// empty: nothing.
std::string unfinished_policies(const Json& body);
std::string unfinished_statuses(const Json& body);
// Deleting a ref is answered with 200 whatever happened.
Status read_ref_update(const Json& body);

}  // namespace linkspan::forge::azure
