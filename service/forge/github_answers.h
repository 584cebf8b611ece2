// What GitHub's answers mean. Pure.
#pragma once

#include "service/forge/forge.h"
#include "service/forge/github_requests.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <string>
#include <vector>

namespace linkspan::forge::github {

PullRequest read_pull(const Json& pull);
// Of one repository alone: a fork's branch may have the same name. Which repository that is, its
// base says: it answers under its old name after it was renamed.
std::vector<PullRequest> read_pulls(const Json& list);
// Who put the label on last, if it was not taken off since.
std::optional<LabelEvent> read_label_events(const Json& list, const std::string& label);
std::vector<Comment> read_comments(const Json& list);

// 422 for what is there already is Conflict; other refusals as explain() has them.
Error read_open_refusal(const transport::HttpResponse& response);
// 422 as it comes, too, shortly after a push that not all of GitHub has heard of.
bool may_be_too_early(const transport::HttpResponse& response);

// Errors inside an answer 200 of GraphQL; nullopt when there are none.
std::optional<Error> read_graphql_errors(const Json& body);

struct Queue {
    bool enabled = false;  // the base has one
    bool in = false;
};
Queue read_queue(const Json& body);

// `through_queue` is set when only the merge queue may merge.
Result<MergeAnswer> read_merge(const transport::HttpResponse& response, bool& through_queue);
// The answer to arming, or to joining the merge queue: success is Armed.
Result<MergeAnswer> read_arming(const Status& answer);

}  // namespace linkspan::forge::github
