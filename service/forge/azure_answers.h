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

// `web`: "https://dev.azure.com"; the answer's own URL is the API's.
PullRequest read_request(const Json& request, const Repo& repo, const std::string& web);
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
// Deleting a ref is answered with 200 whatever happened.
Status read_ref_update(const Json& body);

}  // namespace linkspan::forge::azure
