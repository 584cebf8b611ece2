#include "service/forge/make_forge.h"

#include "core/base64.h"
#include "service/forge/again.h"
#include "service/forge/azure.h"
#include "service/forge/bitbucket_cloud.h"
#include "service/forge/bitbucket_dc.h"
#include "service/forge/caller.h"
#include "service/forge/gitea.h"
#include "service/forge/github.h"
#include "service/forge/gitlab.h"
#include "service/forge/location.h"
#include "service/transport/url.h"

#include <fmt/format.h>

namespace linkspan::forge {
namespace {

using transport::HttpClientOptions;

HttpClientOptions http_options(const ForgeOptions& options) {
    HttpClientOptions http;
    http.ca_file = options.ca_file;
    http.proxy = options.proxy;
    http.user_agent = options.user_agent;
    return http;
}

// Entra's tokens are JWTs and travel as Bearer; personal access tokens travel as a password.
bool is_jwt(const Secret& token) {
    const std::string& value = token.reveal();
    return value.starts_with("eyJ") && std::count(value.begin(), value.end(), '.') == 2;
}

Authorization basic(const std::string& user, Secret password) {
    Secret value{"Basic " + to_base64(user + ":" + password.reveal())};
    return {"Authorization", std::move(value), std::move(password)};
}

Authorization with_token(ForgeType type, Secret token) {
    switch (type) {
        case ForgeType::Gitlab: {
            Secret value = token;
            return {"PRIVATE-TOKEN", std::move(value), std::move(token)};
        }
        case ForgeType::Gitea:
            return {"Authorization", Secret{"token " + token.reveal()}, std::move(token)};
        case ForgeType::AzureDevops:
            if (!is_jwt(token)) return basic("", std::move(token));
            break;
        default:
            break;
    }
    Secret value{"Bearer " + token.reveal()};
    return {"Authorization", std::move(value), std::move(token)};
}

std::function<Result<Authorization>()> authorize(ForgeType type, const Credentials& credentials) {
    if (const auto app = credentials.app) {
        return [app, type]() -> Result<Authorization> {
            LINKSPAN_TRY(token, app->token());
            return with_token(type, std::move(token));
        };
    }
    if (credentials.token) {
        return [read = credentials.token, type]() -> Result<Authorization> {
            LINKSPAN_TRY(token, read());
            return with_token(type, std::move(token));
        };
    }
    if (credentials.password) {
        return
            [read = credentials.password, user = credentials.username]() -> Result<Authorization> {
                LINKSPAN_TRY(password, read());
                return basic(user, std::move(password));
            };
    }
    return {};
}

std::vector<std::pair<std::string, std::string>> headers_of(ForgeType type) {
    switch (type) {
        case ForgeType::Github:
            return {
                {"Accept", "application/vnd.github+json"}, {"X-GitHub-Api-Version", "2022-11-28"}};
        case ForgeType::BitbucketDataCenter:
            return {{"Accept", "application/json"}, {"X-Atlassian-Token", "no-check"}};
        default:
            return {{"Accept", "application/json"}};
    }
}

struct Place {
    ForgeType type = ForgeType::Github;
    Location location;
    std::string base;
};

Result<Place> place_of(const ForgeOptions& options) {
    auto type = options.type;
    if (!type)
        type = guess_type(options.url.empty() ? options.repository_url : options.url + "/x/y");
    if (!type) {
        return Error{
            Errc::InvalidInput, "the host does not say which forge it is; give \"forge.type\""};
    }
    std::string url = options.repository_url;
    if (!options.project.empty()) {
        // As the platform itself would print it.
        std::string path = options.project;
        if (*type == ForgeType::AzureDevops) {
            if (const auto slash = path.rfind('/'); slash != std::string::npos) {
                path.insert(slash, "/_git");
            }
        }
        // Of the repository's URL, in any form, only the host is taken.
        std::string origin;
        if (options.url.empty()) {
            LINKSPAN_TRY(there, locate(ForgeType::Gitlab, url));
            origin = there.origin;
        } else {
            LINKSPAN_TRY(web, transport::Url::parse(options.url));
            origin = web.origin();
            // A server's address says where its collections are, or names one already.
            std::string below = *type == ForgeType::AzureDevops ? web.path() : "";
            while (below.ends_with('/')) below.pop_back();
            const auto last = below.rfind('/');
            const std::string first = path.substr(0, path.find('/'));
            if (last != std::string::npos && equal_ignoring_case(below.substr(last + 1), first)) {
                below.resize(last);
            }
            origin += below;
        }
        url = origin + "/" + path;
    }
    LINKSPAN_TRY(location, locate(*type, url, options.url));
    std::string base = api_base(*type, location, options.url);
    return Place{*type, std::move(location), std::move(base)};
}

}  // namespace

Result<std::unique_ptr<Forge>> make_forge(const ForgeOptions& options) {
    LINKSPAN_TRY(place, place_of(options));
    const auto& [type, location, base] = place;
    CallerOptions caller{
        .type = type,
        .base = base,
        .graphql_base = graphql_base(base),
        .headers = headers_of(type),
        .authorize = authorize(type, options.credentials),
        .timeout = options.timeout,
        .http = http_options(options)};
    if (const auto app = options.credentials.app) {
        caller.renew = [app](const Secret& refused) { return app->refused(refused); };
    }
    const std::string web = location.origin + location.prefix;
    switch (type) {
        case ForgeType::Github:
            return std::unique_ptr<Forge>{std::make_unique<Github>(
                std::move(caller), github::Repo{location.owner, location.repository}
            )};
        case ForgeType::Gitlab:
            return std::unique_ptr<Forge>{
                std::make_unique<Gitlab>(std::move(caller), location.path())};
        case ForgeType::Gitea:
            return std::unique_ptr<Forge>{std::make_unique<Gitea>(
                std::move(caller), gitea::Repo{location.owner, location.repository}
            )};
        case ForgeType::BitbucketCloud:
            return std::unique_ptr<Forge>{std::make_unique<BitbucketCloud>(
                std::move(caller), bitbucket_cloud::Repo{location.owner, location.repository}
            )};
        case ForgeType::BitbucketDataCenter:
            return std::unique_ptr<Forge>{std::make_unique<BitbucketDc>(
                std::move(caller), bitbucket_dc::Repo{location.owner, location.repository}
            )};
        case ForgeType::AzureDevops:
            return std::unique_ptr<Forge>{std::make_unique<Azure>(
                std::move(caller),
                azure::Repo{location.owner, location.project, location.repository},
                web
            )};
    }
    return Error{Errc::Internal, "unknown forge"};
}

Result<std::shared_ptr<GithubApp>> make_github_app(
    const ForgeOptions& options, GithubAppSettings settings
) {
    LINKSPAN_TRY(place, place_of(options));
    if (place.type != ForgeType::Github) {
        return Error{Errc::InvalidInput, "a GitHub App is for GitHub only"};
    }
    return std::make_shared<GithubApp>(GithubAppOptions{
        .api = place.base,
        .app_id = std::move(settings.app_id),
        .installation_id = settings.installation_id,
        .owner = place.location.owner,
        .repository = place.location.repository,
        .private_key = std::move(settings.private_key),
        .timeout = options.timeout,
        .http = http_options(options)});
}

}  // namespace linkspan::forge
