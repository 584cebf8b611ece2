// GithubApp: installation tokens of a GitHub App, renewed before they end.
//
// A JWT that the App's private key signs asks for the installation of one repository and for a
// token of it, for that repository only and with no more than the permissions that are wanted. A
// token lives for an hour; the same is handed out until five minutes before its end.
//
// For the API (Bearer) and for Git over HTTPS (user "x-access-token", the token as password).
// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
#pragma once

#include "core/result.h"
#include "core/secret.h"
#include "service/transport/http_client.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::forge {

inline constexpr std::string_view kGithubAppUser = "x-access-token";

struct GithubAppOptions {
    std::string api = "https://api.github.com";     // without '/' at the end
    std::string app_id{};                           // or the client id
    std::optional<std::int64_t> installation_id{};  // else looked up by the repository
    std::string owner{};
    std::string repository{};
    // PEM, PKCS #1 or #8; asked for at every renewal, so that a changed file counts.
    std::function<Result<Secret>()> private_key{};
    // What the token may do. GitHub refuses more than the App has been granted (422); then it is
    // asked for what of these has been: what is missing is named by the call that needs it.
    std::vector<std::pair<std::string, std::string>> permissions{
        {"contents", "write"},
        {"pull_requests", "write"},
        {"issues", "write"},  // labels, assignees, milestones
        {"statuses", "write"},
        {"metadata", "read"},
    };
    std::chrono::milliseconds timeout{30000};
    transport::HttpClientOptions http{};
    std::function<std::chrono::system_clock::time_point()> now = std::chrono::system_clock::now;
};

// Signed with RS256; from a minute ago (clocks differ) to nine minutes from now (ten is the most).
// Errors: InvalidInput: no RSA private key.
Result<Secret> make_app_jwt(
    const Secret& private_key, const std::string& app_id, std::chrono::system_clock::time_point now
);

class GithubApp {
public:
    explicit GithubApp(GithubAppOptions options);

    // Thread-safe; blocks while a token is fetched. Errors: Unauthorized (key or id are wrong),
    // NotFound (the App is not installed for the repository), and those of the network.
    Result<Secret> token();
    // The token was refused (401): whether the next token() is another one. False when this one is
    // younger than a minute: then a new one would be refused as well.
    bool refused(const Secret& token);

private:
    struct Installed {
        Secret token;
        std::chrono::system_clock::time_point made;
        std::chrono::system_clock::time_point ends;
    };
    Result<Installed> fetch();
    Result<std::int64_t> installation(const Secret& jwt);
    Result<transport::HttpResponse> ask_for_token(const Secret& jwt, std::int64_t id);
    Result<transport::HttpResponse> send(
        const Secret& jwt, std::string method, const std::string& path, std::string body
    );

    const GithubAppOptions options_;
    transport::HttpClient client_;
    std::mutex mutex_;  // held while fetching: one asks, the others wait for its answer
    std::optional<Installed> current_;
    std::optional<std::int64_t> installation_id_;
};

}  // namespace linkspan::forge
