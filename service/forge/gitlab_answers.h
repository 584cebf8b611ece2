// What GitLab's answers mean. Pure.
#pragma once

#include "service/forge/forge.h"
#include "service/forge/json_fields.h"
#include "service/transport/http_client.h"

#include <optional>
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
// What is to be done in place of asking for auto-merge; nullopt: ask. GitLab merges at once what
// has no pipeline when it is asked, and pipelines begin some time after a push.
std::optional<MergeAnswer> read_before_arming(const Json& fresh, const std::string& head_commit);

// Whether an answer 201 to cancelling says that it failed.
bool cancel_failed(const transport::HttpResponse& response);

Result<MergeAnswer> read_merge(
    const transport::HttpResponse& response, const Json& fresh, bool arming
);

}  // namespace linkspan::forge::gitlab
