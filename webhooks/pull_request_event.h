// What platforms say about pull requests, from six forms to one. Facts that a form lacks are empty.
#pragma once

#include "webhooks/delivery.h"
#include "webhooks/json_view.h"
#include "webhooks/receiver.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::webhooks {

// GitHub, Gitea and Forgejo: events pull_request, pull_request_review and issue_comment. nullopt:
// about something else.
std::optional<PullRequestEvent> github_pull_request(const JsonView& root);
std::optional<PullRequestEvent> gitlab_merge_request(const JsonView& root);

// Checks that have ended, one event for each branch. They may carry images too, for a receiver with
// `fields`: these words about pull requests count beside an ignored_reason only.
std::vector<PullRequestEvent> github_checks(const JsonView& root);
std::vector<PullRequestEvent> gitlab_checks(const JsonView& root);
Result<ParsedDelivery> with_checks(
    Result<ParsedDelivery> parsed, std::vector<PullRequestEvent> checks
);

// "merged"; "labelled"
std::string_view to_string(PullRequestEvent::What what);

// Whether it is about the repository of this path on its platform: "acme/fleet",
// "organization/project/fleet".
bool is_about(const PullRequestEvent& event, std::string_view path);

// "pull request 7 closed", for ParsedDelivery::ignored_reason: no image is in it.
std::string in_words(const PullRequestEvent& event);
// A fork's is none of ours, and becomes words only.
ParsedDelivery parsed_pull_request(PullRequestEvent event);

namespace bitbucket {
std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
}  // namespace bitbucket
namespace bitbucket_server {
std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
}  // namespace bitbucket_server
namespace azuredevops {
std::string delivery_id(const RawDelivery& delivery, const Receiver& receiver);
Result<ParsedDelivery> parse(const RawDelivery& delivery, const Receiver& receiver);
}  // namespace azuredevops

}  // namespace linkspan::webhooks
