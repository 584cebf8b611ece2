// The join of a repository's configuration and the client of its forge.
//
// What is returned keeps the configuration alive; secrets are read when they are needed, so that a
// changed file counts at once. Nothing is sent here.
#pragma once

#include "service/forge/forge.h"
#include "service/forge/make_forge.h"
#include "service/pipeline/git_options.h"

#include <memory>
#include <optional>
#include <string>

namespace linkspan::pipeline {

// `repository` is of `config`, and has a `forge`. Errors: InvalidInput, which says what is missing.
Result<forge::ForgeOptions> forge_options_of(
    const ConfigPtr& config, const config::Repository& repository
);
Result<std::unique_ptr<forge::Forge>> forge_of(
    const ConfigPtr& config, const config::Repository& repository
);

// The App of `repositories[].credentials`, for Git. Errors: as above.
Result<std::shared_ptr<forge::GithubApp>> github_app_of(
    const ConfigPtr& config, const config::Repository& repository
);

// The place that a notification shows commit statuses at. Errors: as above, and InvalidInput for a
// source that is not below its URL.
Result<std::unique_ptr<forge::Forge>> forge_of_source(
    const config::Notification& notification, const std::string& source
);

// As configured, or as the host of the URL says; nullopt: neither does.
std::optional<forge::ForgeType> forge_type_of(const config::Repository& repository);

// What the platform's events call the repository: "acme/fleet". Empty when it is not known.
std::string forge_path_of(const config::Repository& repository);

}  // namespace linkspan::pipeline
