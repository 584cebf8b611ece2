// What Gitea's and Forgejo's answers mean. Pure.
#pragma once

#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <string>
#include <vector>

namespace linkspan::forge::gitea {

// `mergeable` is Unknown: the platform says there whether there are conflicts, and nothing of
// checks.
PullRequest read_pull(const Json& pull);
// `statuses`: the newest of each context of its head.
Mergeable read_mergeable(const Json& pull, const Json& statuses);
// Whether a merge is scheduled, from what happened, oldest first. A push does not cancel one.
bool read_armed(const Json& timeline);
// Who closed it last; the pull request itself tells who merged it only.
std::string read_closer(const Json& timeline);
// Whether the branch rule makes a scheduled merge wait for anything. Where it does not, scheduling
// merges at once, whatever checks run.
bool makes_merges_wait(const Json& branch);
// Empty when the repository allows it, else a sentence. Scheduling does not look at that.
std::string read_forbidden_style(const Json& repository, MergeMethod method);
// Teams among what was asked for, as the answer to requesting reviews tells; none are where the
// repository's owner is no organization, and nothing is said of it.
bool asked_teams(const Json& reviews);
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
