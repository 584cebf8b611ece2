#include "service/pipeline/forge_clients.h"

#include "service/forge/location.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace linkspan::pipeline {
namespace {

std::optional<forge::ForgeType> type_of(config::Forge::Type type, const std::string& url) {
    using Type = config::Forge::Type;
    switch (type) {
        case Type::Guess:
            return forge::guess_type(url);
        case Type::Github:
            return forge::ForgeType::Github;
        case Type::Gitlab:
            return forge::ForgeType::Gitlab;
        case Type::Gitea:
            return forge::ForgeType::Gitea;
        case Type::BitbucketCloud:
            return forge::ForgeType::BitbucketCloud;
        case Type::BitbucketDataCenter:
            return forge::ForgeType::BitbucketDataCenter;
        case Type::AzureDevops:
            return forge::ForgeType::AzureDevops;
    }
    return std::nullopt;
}

// Reads the secret when it is asked for; the configuration lives as long.
std::function<Result<Secret>()> reader_of(
    ConfigPtr config, const std::optional<config::SecretRef>& secret
) {
    if (!secret) return {};
    return [config = std::move(config), from = &*secret] { return from->read(); };
}

}  // namespace

std::optional<forge::ForgeType> forge_type_of(const config::Repository& repository) {
    if (!repository.forge) return std::nullopt;
    return type_of(repository.forge->type, repository.url);
}

Result<forge::ForgeOptions> forge_options_of(
    const ConfigPtr& config, const config::Repository& repository
) {
    if (!repository.forge) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "repository \"{}\" has no \"forge\": say whose API its pull requests are asked for "
                "with",
                repository.name
            )};
    }
    const auto& from = *repository.forge;
    forge::ForgeOptions options;
    options.type = forge_type_of(repository);
    options.repository_url = repository.url;
    options.url = from.url;
    options.project = from.project;
    options.ca_file = from.ca_file.empty() ? repository.ca_file : from.ca_file;
    options.proxy = from.proxy.empty() ? repository.proxy : from.proxy;
    options.timeout = from.timeout;
    options.credentials.token = reader_of(config, from.token);
    options.credentials.username = from.username;
    options.credentials.password = reader_of(config, from.password);
    if (from.github_app) {
        forge::GithubAppSettings settings{
            .app_id = from.github_app->app_id,
            .installation_id = from.github_app->installation_id,
            .private_key = reader_of(config, from.github_app->private_key)};
        LINKSPAN_TRY(app, forge::make_github_app(options, std::move(settings)));
        options.credentials.app = std::move(app);
    }
    return options;
}

Result<std::shared_ptr<forge::GithubApp>> github_app_of(
    const ConfigPtr& config, const config::Repository& repository
) {
    const auto& app = repository.credentials.github_app;
    forge::ForgeOptions options;
    options.type = forge::ForgeType::Github;
    options.repository_url = repository.url;
    options.ca_file = repository.ca_file;
    options.proxy = repository.proxy;
    if (repository.forge) {
        options.url = repository.forge->url;
        options.project = repository.forge->project;
    }
    return forge::make_github_app(
        options,
        {.app_id = app->app_id,
         .installation_id = app->installation_id,
         .private_key = reader_of(config, app->private_key)}
    );
}

Result<std::unique_ptr<forge::Forge>> forge_of(
    const ConfigPtr& config, const config::Repository& repository
) {
    LINKSPAN_TRY(options, forge_options_of(config, repository));
    auto made = forge::make_forge(options);
    if (made.has_error()) return made.error().within(repository.name + ".forge");
    return made;
}

Result<std::unique_ptr<forge::Forge>> forge_of_source(
    const config::Notification& notification, const std::string& source
) {
    std::string web = notification.url;
    if (notification.url_secret) {
        LINKSPAN_TRY(url, notification.url_secret->read());
        web = url.reveal();
    }
    while (web.ends_with('/')) web.pop_back();
    // What an image says about its source is anybody's word: the token goes to `url` alone.
    if (!source.starts_with(web + "/")) {
        return Error{Errc::InvalidInput, "the image's source is not on this platform"};
    }
    forge::ForgeOptions options;
    options.type = type_of(notification.forge, web + "/");
    options.repository_url = source;
    // Bitbucket Data Center's pages are not where its clones are: /projects/KEY/repos/NAME.
    const auto project = source.find("/projects/", web.size());
    const auto name = source.find("/repos/", web.size());
    if (project != std::string::npos && name != std::string::npos && project < name) {
        const auto key = source.substr(project + 10, name - project - 10);
        options.project =
            key + "/" + source.substr(name + 7, source.find('/', name + 7) - name - 7);
    }
    options.url = web;
    options.ca_file = notification.ca_file;
    options.proxy = notification.proxy;
    options.timeout = notification.timeout;
    options.credentials.token = [token = notification.token]() -> Result<Secret> {
        return token->read();
    };
    return forge::make_forge(options);
}

std::string forge_path_of(const config::Repository& repository) {
    if (!repository.forge) return {};
    if (!repository.forge->project.empty()) return repository.forge->project;
    const auto type = forge_type_of(repository);
    if (!type) return {};
    const auto location = forge::locate(*type, repository.url, repository.forge->url);
    return location.has_value() ? location->path() : std::string{};
}

}  // namespace linkspan::pipeline
