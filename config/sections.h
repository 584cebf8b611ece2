// The mappings of linkspan.yaml, a file for each section. A new section is one more function here.
#pragma once

#include "config/config.h"
#include "config/mapping.h"

namespace linkspan::config {

const Mapping<Server>& server_mapping();
const Mapping<Retry>& retry_mapping();
const Mapping<webhooks::Receiver>& receiver_mapping();
const Mapping<Registry>& registry_mapping();
const Mapping<Repository>& repository_mapping();
const Mapping<Forge>& forge_mapping();
const Choices<Forge::Type>& forge_types();
const Mapping<GithubApp>& github_app_mapping();
const Mapping<policy::Selection>& select_mapping();
const Mapping<policy::Policy>& policy_mapping();
// The same with the keys that only the rest of the config needs (name, image) left to the user: for
// `linkspan policy select`.
const Mapping<policy::Policy>& lone_policy_mapping();
const Mapping<PullRequest>& pull_request_mapping();
const Mapping<Target>& target_mapping();
const Mapping<Notification>& notification_mapping();
const Mapping<Mirror>& mirror_mapping();
const Mapping<Operator>& operator_mapping();
const Mapping<Config>& config_mapping();  // the whole file

}  // namespace linkspan::config
