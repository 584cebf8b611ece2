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
// Of this repository alone.
// By the build statuses of the head.
Mergeable read_mergeable(const Json& statuses);
std::vector<PullRequest> read_pulls(const Json& list, const Repo& repo);
std::vector<Comment> read_comments(const Json& list);
// 202 is not for this: its Location has to be asked.
Result<MergeAnswer> read_merge(const transport::HttpResponse& response);
// The reviewers are what was refused: somebody left the workspace.
bool is_about_reviewers(const transport::HttpResponse& response);

}  // namespace linkspan::forge::bitbucket_cloud
