// What Bitbucket Cloud's answers mean. Pure.
#pragma once

#include "service/forge/bitbucket_cloud_requests.h"
#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <string>
#include <vector>

namespace linkspan::forge::bitbucket_cloud {

PullRequest read_pull(const Json& pull);
// By the build statuses of the head, and by what reviewers said: without a paid plan the platform
// only warns of it, and merges.
Mergeable read_mergeable(const Json& pull, const Json& statuses);
// Of this repository alone.
std::vector<PullRequest> read_pulls(const Json& list, const Repo& repo);
std::vector<Comment> read_comments(const Json& list);
// 202 is not for this: its Location has to be asked.
Result<MergeAnswer> read_merge(const transport::HttpResponse& response);
// The reviewers are what was refused: somebody left the workspace.
bool is_about_reviewers(const transport::HttpResponse& response);
// Which of the pull request's reviewers a refusal names, as UUIDs; it does so by their display
// names, and not in every case.
std::vector<std::string> named_reviewers(const transport::HttpResponse& refusal, const Json& as_is);

}  // namespace linkspan::forge::bitbucket_cloud
