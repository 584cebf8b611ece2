// What Bitbucket Data Center's answers mean. Pure.
#pragma once

#include "service/forge/bitbucket_dc_requests.h"
#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::forge::bitbucket_dc {

PullRequest read_pull(const Json& pull);
// Inside one repository, to `base`; newest first.
std::vector<PullRequest> read_pulls(const Json& list, const std::string& base);
std::vector<Comment> read_activities(const Json& list);
// Who declined it; the pull request itself does not tell.
std::string read_decliner(const Json& activities);
// Whether the platform would merge now: builds count only where a merge check says so.
bool may_merge_now(const Json& mergeability);
// `builds`: the statistics of its head's builds; null where they can't be had.
Mergeable read_mergeability(const Json& pull, const Json& mergeability, const Json& builds);

// The last part of the exception's name: "PullRequestOutOfDateException"; empty: none.
std::string exception_of(const transport::HttpResponse& response);
// Who of InvalidPullRequestReviewersException, and why.
std::vector<std::pair<std::string, std::string>> refused_reviewers(
    const transport::HttpResponse& response
);
// 409 by what it says: EmptyPullRequest is InvalidInput, the others Conflict.
Error read_refusal(const transport::HttpResponse& response);
Result<MergeAnswer> read_merge(const transport::HttpResponse& response, bool auto_merge);

}  // namespace linkspan::forge::bitbucket_dc
