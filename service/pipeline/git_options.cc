#include "service/pipeline/git_options.h"

#include "service/pipeline/forge_clients.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace linkspan::pipeline {
namespace {

git::Credentials to_git(const config::GitCredentials& from, Secret password, Secret passphrase) {
    return {
        .username = from.username,
        .password = std::move(password),
        .ssh_key = from.ssh_key,
        .ssh_passphrase = std::move(passphrase)};
}

// Tokens of an installation, each for an hour, in place of a password.
void use_github_app(
    const ConfigPtr& config, const config::Repository& repository, git::RemoteOptions& remote
) {
    struct State {
        explicit State(Result<std::shared_ptr<forge::GithubApp>> made) : app{std::move(made)} {}
        Result<std::shared_ptr<forge::GithubApp>> app;
        std::mutex mutex;
        Secret last{};
    };
    auto state = std::make_shared<State>(github_app_of(config, repository));
    remote.credentials = [state]() -> Result<git::Credentials> {
        if (state->app.has_error()) return state->app.error();
        LINKSPAN_TRY(token, (*state->app)->token());
        const std::lock_guard lock{state->mutex};
        state->last = token;
        git::Credentials credentials;
        credentials.username = forge::kGithubAppUser;
        credentials.password = std::move(token);
        return credentials;
    };
    remote.credentials_refused = [state] {
        const std::lock_guard lock{state->mutex};
        if (state->app.has_value()) (*state->app)->refused(state->last);
    };
}

}  // namespace

git::RemoteOptions remote_of(
    const ConfigPtr& config,
    const config::Repository& repository,
    std::shared_ptr<const std::atomic<bool>> stop
) {
    git::RemoteOptions remote;
    remote.url = repository.url;
    remote.known_hosts = repository.credentials.known_hosts;
    remote.ca_file = repository.ca_file;
    remote.timeout = repository.timeout;
    remote.client_cert = repository.credentials.client_certificate;
    remote.client_key = repository.credentials.client_key;
    remote.proxy = repository.proxy;
    remote.stop = std::move(stop);
    remote.notice = [name = repository.name](const std::string& text) {
        spdlog::warn("repository {}: {}", name, text);
    };
    if (repository.credentials.github_app) {
        use_github_app(config, repository, remote);
        return remote;
    }
    // The config is kept alive by the copy.
    remote.credentials = [config, &repository]() -> Result<git::Credentials> {
        Secret password;
        Secret passphrase;
        const auto& from = repository.credentials;
        if (from.password) {
            LINKSPAN_TRY(read, from.password->read());
            password = std::move(read);
        }
        if (from.passphrase) {
            LINKSPAN_TRY(read, from.passphrase->read());
            passphrase = std::move(read);
        }
        return to_git(from, std::move(password), std::move(passphrase));
    };
    return remote;
}

Result<CommitOptions> commit_options_of(
    const config::Repository& repository, std::chrono::system_clock::time_point now
) {
    const config::Identity& author = repository.author;
    const config::Identity& committer = repository.committer ? *repository.committer : author;
    CommitOptions options{
        .author = {.name = author.name, .email = author.email},
        .committer = {.name = committer.name, .email = committer.email},
        .message = {.text = repository.message, .skip_ci = repository.skip_ci},
        .group = repository.group,
        .time = now,
        .change_ids = !repository.review.empty(),
        .rules = repository.repository_policies,
    };
    if (repository.sign_off) {
        options.message.signed_off = fmt::format("{} <{}>", committer.name, committer.email);
    }
    if (const auto& from = repository.signing) {
        git::Signing signing{
            .kind = from->kind == config::Signing::Kind::Gpg ? git::Signing::Kind::Gpg
                                                             : git::Signing::Kind::Ssh,
            .key = from->key,
            .passphrase = {},
            .gnupg_home = from->gnupg_home};
        if (from->passphrase) {
            auto passphrase = from->passphrase->read();
            if (passphrase.has_error()) {
                return passphrase.error().within("the passphrase of the signing key");
            }
            signing.passphrase = std::move(*passphrase);
        }
        options.signing = std::move(signing);
    }
    return options;
}

}  // namespace linkspan::pipeline
