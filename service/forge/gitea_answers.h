// What Gitea's and Forgejo's answers mean. Pure.
#pragma once

#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <string>
#include <vector>

namespace linkspan::forge::gitea {

PullRequest read_pull(const Json& pull);
// Those from `head` to `base` inside the repository.
std::vector<PullRequest> read_pulls(
    const Json& list, const std::string& head, const std::string& base
);
// Who put the label on last, if it was not taken off since.
std::optional<LabelEvent> read_timeline(const Json& list, const std::string& label);
std::vector<Comment> read_comments(const Json& list);
// 200 and "already merged" are Merged without a commit: it has to be looked up.
Result<MergeAnswer> read_merge(const transport::HttpResponse& response);

}  // namespace linkspan::forge::gitea
