// repositories[].forge: whose API is asked for pull requests.
#include "config/rule.h"
#include "config/sections.h"

namespace linkspan::config {

namespace {

void check_forge(Reader& reader, const Node& node, Forge& forge) {
    const Node* const token = node.find("token");
    const Node* const username = node.find("username");
    const Node* const password = node.find("password");
    const Node* const app = node.find("github_app");
    const int ways = (token != nullptr ? 1 : 0) +
                     (username != nullptr || password != nullptr ? 1 : 0) +
                     (app != nullptr ? 1 : 0);
    if (ways != 1) {
        reader.problem(
            node.mark, "give one of \"token\", \"username\" with \"password\", and \"github_app\""
        );
        return;
    }
    if (token == nullptr && app == nullptr && (username == nullptr || password == nullptr)) {
        reader.problem(
            node.mark, username == nullptr ? "missing \"username\"" : "missing \"password\""
        );
    }
    const bool other = forge.type != Forge::Type::Guess && forge.type != Forge::Type::Github;
    if (app != nullptr && other) reader.problem(app->mark, "a GitHub App is for GitHub only");
}

}  // namespace

const Choices<Forge::Type>& forge_types() {
    static const Choices<Forge::Type> choices{
        {"github", Forge::Type::Github},
        {"gitlab", Forge::Type::Gitlab},
        {"gitea", Forge::Type::Gitea},
        {"forgejo", Forge::Type::Gitea},
        {"bitbucket_cloud", Forge::Type::BitbucketCloud},
        {"bitbucket_data_center", Forge::Type::BitbucketDataCenter},
        {"azure_devops", Forge::Type::AzureDevops},
    };
    return choices;
}

const Mapping<GithubApp>& github_app_mapping() {
    static const Mapping<GithubApp> mapping{
        "github_app",
        "A GitHub App that is installed for the repository. Its tokens live for an hour and are "
        "renewed in time.",
        [](Mapping<GithubApp>& m) {
            m.text("app_id", &GithubApp::app_id, "App id, or client id.", rule::line).required();
            m.key(
                "installation_id",
                Shape{.kind = Shape::Kind::Integer, .default_value = {}, .range = {.least = 1}},
                "Id of the installation. None: it is looked up.",
                [](Reader& reader, const Node& node, GithubApp& app) {
                    if (const auto id = reader.integer(node, {.least = 1})) {
                        app.installation_id = static_cast<std::int64_t>(*id);
                    }
                }
            );
            m.secret("private_key", &GithubApp::private_key, "The .pem file that GitHub made.")
                .required();
        }};
    return mapping;
}

const Mapping<Forge>& forge_mapping() {
    static const Mapping<Forge> mapping{
        "forge",
        "The platform that the repository lives on, for pull requests.",
        [](Mapping<Forge>& m) {
            m.choice(
                "type",
                &Forge::type,
                "Which one. None: by the host, where that says it (github.com, gitlab.com, …).",
                forge_types()
            );
            m.text(
                "url",
                &Forge::url,
                "Its web or API address, below a path or not. None: the host of the repository's "
                "url.",
                rule::http_url
            );
            m.text(
                "project",
                &Forge::project,
                "Path of the repository there: owner/name, group/sub/name, KEY/name, "
                "organization/project/name. None: as the repository's url says.",
                rule::line
            );
            m.secret("token", &Forge::token, "Access token.");
            m.text("username", &Forge::username, "User, with a password.", rule::line);
            m.secret("password", &Forge::password, "Password, or API token.");
            m.mapping(
                "github_app",
                &Forge::github_app,
                "A GitHub App, in place of a token.",
                github_app_mapping()
            );
            m.file("ca_file", &Forge::ca_file, "PEM file with the authorities to trust.");
            m.text("proxy", &Forge::proxy, "Proxy. None: as the environment says.", rule::http_url);
            m.duration(
                "timeout",
                &Forge::timeout,
                "How long one request may take.",
                {.least = 1000, .most = 600'000}
            );
            m.duration(
                "poll",
                &Forge::poll,
                "How often open pull requests are looked at where no event tells of them.",
                {.least = 1000, .most = 24ULL * 3'600'000}
            );
            m.check(check_forge);
        }};
    return mapping;
}

}  // namespace linkspan::config
