// What GitLab's answers mean. Pure.
#pragma once

#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <string>
#include <vector>

namespace linkspan::forge::gitlab {

PullRequest read_request(const Json& request);
// Of this project alone.
std::vector<PullRequest> read_requests(const Json& list);
// Without those that GitLab writes itself ("changed the title").
// Who put the label on last, if it was not taken off since.
std::optional<LabelEvent> read_label_events(const Json& list, const std::string& label);
std::vector<Comment> read_notes(const Json& list);

// What a call to merge or to arm is answered with. `fresh` is the merge request as it is
// afterwards.
Result<MergeAnswer> read_merge(
    const transport::HttpResponse& response, const Json& fresh, bool arming
);

}  // namespace linkspan::forge::gitlab
