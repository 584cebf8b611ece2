// repositories: where commits go.
#include "config/git_url.h"
#include "config/rule.h"
#include "config/sections.h"
#include "core/plan/message.h"

namespace linkspan::config {

namespace {

Result<std::string> message_template(std::string_view text) {
    if (auto status = plan::check_template(text); status.has_error()) return status.error();
    return std::string{text};
}

const Mapping<GitCredentials>& credentials_mapping() {
    static const Mapping<GitCredentials> mapping{
        "git_credentials",
        "A user with a password or token for HTTPS, or a key for SSH.",
        [](Mapping<GitCredentials>& m) {
            m.text(
                "username",
                &GitCredentials::username,
                "User. With a token, many servers take any; \"git\" then.",
                rule::line
            );
            m.secret("password", &GitCredentials::password, "Password.");
            m.secret("token", &GitCredentials::password, "Access token, in place of a password.");
            m.file("ssh_key", &GitCredentials::ssh_key, "File with the private key.");
            m.secret("passphrase", &GitCredentials::passphrase, "Passphrase of that key.");
            m.file(
                "known_hosts",
                &GitCredentials::known_hosts,
                "File with the keys of the server, as ssh-keyscan prints them. SSH needs it: an "
                "unknown host is refused."
            );
            m.mapping(
                "github_app",
                &GitCredentials::github_app,
                "A GitHub App, in place of a password.",
                github_app_mapping()
            );
            m.check([](Reader& reader, const Node& node, GitCredentials& credentials) {
                const Node* const app = node.find("github_app");
                if (app != nullptr && (node.find("password") || node.find("token"))) {
                    reader.problem(
                        app->mark, "give \"github_app\", \"password\" or \"token\", one of them"
                    );
                }
                const Node* const password = node.find("password");
                const Node* const token = node.find("token");
                const Node* const passphrase = node.find("passphrase");
                if (password != nullptr && token != nullptr) {
                    reader.problem(token->mark, "give \"password\" or \"token\", not both");
                }
                if (password != nullptr && node.find("username") == nullptr) {
                    reader.problem(password->mark, "missing \"username\" beside \"password\"");
                }
                if (passphrase != nullptr && node.find("ssh_key") == nullptr) {
                    reader.problem(passphrase->mark, "missing \"ssh_key\" beside \"passphrase\"");
                }
                if (token != nullptr && credentials.username.empty()) credentials.username = "git";
            });
        }};
    return mapping;
}

const Mapping<Identity>& author_mapping() {
    static const Mapping<Identity> mapping{
        "author", "Who commits.", [](Mapping<Identity>& m) {
            m.text("name", &Identity::name, "Name.", rule::person);
            m.text("email", &Identity::email, "Address.", rule::person);
        }};
    return mapping;
}

void read_url(Reader& reader, const Node& node, Repository& repository) {
    const auto written = reader.text(node);
    if (!written) return;
    auto url = parse_git_url(*written, reader.directory());
    if (url.has_error()) {
        reader.problem(node.mark, url.error().message);
    } else {
        repository.url = std::move(url->text);
    }
}

void check_repository(Reader& reader, const Node& node, Repository& repository) {
    const Node* const url = node.find("url");
    if (url == nullptr || repository.url.empty()) return;
    const auto parsed = parse_git_url(repository.url, reader.directory());
    const bool ssh = parsed.has_value() && parsed->transport == GitTransport::Ssh;
    static const Node kNothing;
    const Node* credentials = node.find("credentials");
    if (credentials == nullptr) credentials = &kNothing;
    if (ssh) {
        if (credentials->find("known_hosts") == nullptr) {
            reader.problem(
                url->mark,
                "SSH needs \"credentials.known_hosts\": a file with the server's keys, as "
                "ssh-keyscan prints them"
            );
        }
        if (credentials->find("ssh_key") == nullptr && credentials->find("password") == nullptr) {
            reader.problem(
                url->mark, "SSH needs \"credentials.ssh_key\": a file with a private key"
            );
        }
        return;
    }
    for (const std::string_view key : {"ssh_key", "known_hosts"}) {
        if (const Node* const given = credentials->find(key)) {
            const auto place = reader.inside("credentials");
            const auto inner = reader.inside(key);
            reader.problem(given->mark, "is only for SSH, and the url is none; remove it");
        }
    }
}

}  // namespace

const Mapping<Repository>& repository_mapping() {
    static const Mapping<Repository> mapping{
        "repository", "One branch of one manifest repository.", [](Mapping<Repository>& m) {
            m.text("name", &Repository::name, "Targets name it so.", rule::name)
                .pattern(rule::kNamePattern)
                .required();
            m.key(
                 "url",
                 Shape::text(),
                 "https://, http://, ssh://, user@host:path, file:// or a path.",
                 read_url
            )
                .required();
            m.text("branch", &Repository::branch, "Branch that is read and written.", rule::branch);
            m.mapping(
                "credentials", &Repository::credentials, "None: anonymous.", credentials_mapping()
            );
            m.mapping(
                "forge",
                &Repository::forge,
                "Where its pull requests are. None: it has none.",
                forge_mapping()
            );
            m.mapping("author", &Repository::author, "Author and committer.", author_mapping());
            m.text(
                "message",
                &Repository::message,
                "Template of the commit message. None: a message that says what, from where and "
                "why.",
                message_template
            );
            m.file("ca_file", &Repository::ca_file, "PEM file with the authorities to trust.");
            m.duration(
                "timeout",
                &Repository::timeout,
                "How long one fetch or push may take.",
                {.least = 1000, .most = 3'600'000}
            );
            m.planned({"signing"});
            m.check(check_repository);
        }};
    return mapping;
}

}  // namespace linkspan::config
