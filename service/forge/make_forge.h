// make_forge: the Forge of one repository, from what is configured.
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/forge/forge.h"
#include "service/forge/forge_type.h"
#include "service/forge/github_app.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace linkspan::forge {

// One of: a GitHub App; a token; user and password. None: anonymous, which is enough to read public
// repositories. Callbacks are asked before every request, so that a changed file counts at once.
struct Credentials {
    std::shared_ptr<GithubApp> app{};
    std::function<Result<Secret>()> token{};
    std::string username{};
    std::function<Result<Secret>()> password{};
};

struct ForgeOptions {
    std::optional<ForgeType> type{};  // else by the URL's host, where that says it
    std::string repository_url{};     // that Git uses
    // Of the web interface or of the API, below a path or not; empty: as the repository's URL says.
    std::string url{};
    // Path of the repository there ("acme/fleet", "group/sub/fleet", "KEY/fleet",
    // "organization/project/fleet"), when the repository's URL does not say it.
    std::string project{};
    Credentials credentials{};
    std::string ca_file{};                     // PEM
    std::string proxy{};                       // empty: as the environment says
    std::chrono::milliseconds timeout{30000};  // of one request
    std::string user_agent = "linkspan/" LINKSPAN_VERSION;
};

// Nothing is sent. Errors: InvalidInput, which says what is missing.
Result<std::unique_ptr<Forge>> make_forge(const ForgeOptions& options);

// The same places for a GitHub App, which make_forge() and Git's credentials may share.
struct GithubAppSettings {
    std::string app_id{};
    std::optional<std::int64_t> installation_id{};
    std::function<Result<Secret>()> private_key{};
};
// `options`: type, URLs, project, CA file, proxy, timeout and user agent count.
Result<std::shared_ptr<GithubApp>> make_github_app(
    const ForgeOptions& options, GithubAppSettings settings
);

}  // namespace linkspan::forge
