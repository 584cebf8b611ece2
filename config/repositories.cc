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
            m.boolean(
                "ssh_agent",
                &GitCredentials::ssh_agent,
                "Log in with the keys of the SSH agent and of ssh_config."
            );
            m.secret("passphrase", &GitCredentials::passphrase, "Passphrase of that key.");
            m.file(
                "known_hosts",
                &GitCredentials::known_hosts,
                "File with the keys of the server, as ssh-keyscan prints them. SSH needs it: an "
                "unknown host is refused."
            );
            m.file(
                "client_certificate",
                &GitCredentials::client_certificate,
                "PEM file with the certificate to show to an HTTPS server."
            );
            m.file(
                "client_key",
                &GitCredentials::client_key,
                "PEM file with its key. None: it is in the same file."
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
                const Node* const key = node.find("client_key");
                if (key != nullptr && node.find("client_certificate") == nullptr) {
                    reader.problem(
                        key->mark, "missing \"client_certificate\" beside \"client_key\""
                    );
                }
                if (token != nullptr && credentials.username.empty()) credentials.username = "git";
            });
        }};
    return mapping;
}

const Choices<plan::Grouping> kGroupings{
    {"all", plan::Grouping::All},
    {"directory", plan::Grouping::Directory},
    {"policy", plan::Grouping::Policy},
};

const Mapping<Signing>& signing_mapping() {
    static const Mapping<Signing> mapping{
        "signing",
        "The key that commits are signed with, by gpg or ssh-keygen.",
        [](Mapping<Signing>& m) {
            m.text(
                "gpg_key",
                &Signing::key,
                "Id, fingerprint or address of a key in the keyring.",
                rule::line
            );
            m.key(
                "gnupg_home",
                Shape::text(),
                "Folder of the keyring. None: the user's own.",
                [](Reader& reader, const Node& node, Signing& signing) {
                    if (auto text = reader.text(node)) signing.gnupg_home = reader.absolute(*text);
                }
            );
            m.key(
                "ssh_key",
                Shape::text(),
                "File with a private SSH key.",
                [](Reader& reader, const Node& node, Signing& signing) {
                    if (auto path = reader.file(node)) {
                        signing.kind = Signing::Kind::Ssh;
                        signing.key = std::move(*path);
                    }
                }
            );
            m.secret("passphrase", &Signing::passphrase, "Passphrase of the key.");
            m.check([](Reader& reader, const Node& node, Signing&) {
                const bool gpg = node.find("gpg_key") != nullptr;
                const bool ssh = node.find("ssh_key") != nullptr;
                if (gpg == ssh) {
                    reader.problem(
                        node.mark,
                        gpg ? "give \"gpg_key\" or \"ssh_key\", not both"
                            : "give \"gpg_key\" or \"ssh_key\""
                    );
                }
                if (const Node* const home = node.find("gnupg_home"); home != nullptr && !gpg) {
                    reader.problem(home->mark, "is only for \"gpg_key\"; remove it");
                }
            });
        }};
    return mapping;
}

Result<std::string> review_ref(std::string_view text) {
    if (text.starts_with("refs/for/")) {
        if (auto branch = rule::branch(text.substr(9)); branch.has_value()) {
            return std::string{text};
        }
    }
    return Error{
        Errc::InvalidInput, "a ref below refs/for/, such as \"refs/for/main\", is expected"};
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
        if (credentials->find("ssh_key") == nullptr && credentials->find("password") == nullptr &&
            !repository.credentials.ssh_agent) {
            reader.problem(
                url->mark,
                "SSH needs \"credentials.ssh_key\": a file with a private key (or \"ssh_agent: "
                "true\")"
            );
        }
        return;
    }
    for (const std::string_view key : {"ssh_key", "ssh_agent", "known_hosts"}) {
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
            m.text(
                "branch",
                &Repository::branch,
                "Branch that is read and written. HEAD: the one that the remote's HEAD names, also "
                "when "
                "that moves.",
                rule::branch
            );
            m.mapping(
                "credentials", &Repository::credentials, "None: anonymous.", credentials_mapping()
            );
            m.mapping(
                "forge",
                &Repository::forge,
                "Where its pull requests are. None: it has none.",
                forge_mapping()
            );
            m.mapping("author", &Repository::author, "Author.", author_mapping());
            m.mapping(
                "committer",
                &Repository::committer,
                "Committer. None: the author.",
                author_mapping()
            );
            m.mapping(
                "signing", &Repository::signing, "None: commits are not signed.", signing_mapping()
            );
            m.text(
                "message",
                &Repository::message,
                "Template of the commit message. None: a message that says what, from where and "
                "why.",
                message_template
            );
            m.boolean(
                "sign_off", &Repository::sign_off, "Add a Signed-off-by line with the committer."
            );
            m.boolean(
                "skip_ci", &Repository::skip_ci, "Add [skip ci] to the first line of the message."
            );
            m.choice(
                "group",
                &Repository::group,
                "How the changes of one push become commits: all in one, one for each directory, "
                "or one for each target and policy.",
                kGroupings
            );
            m.texts(
                "push_options",
                &Repository::push_options,
                "Push options, as git push -o has them.",
                rule::line
            );
            m.text(
                "review",
                &Repository::review,
                "Push to this ref for review, such as refs/for/main (Gerrit, Gitea), in place of "
                "the branch.",
                review_ref
            );
            m.file("ca_file", &Repository::ca_file, "PEM file with the authorities to trust.");
            m.text(
                "proxy",
                &Repository::proxy,
                "URL of an HTTP proxy. None: https_proxy and no_proxy of the environment.",
                rule::http_url
            );
            m.duration(
                "timeout",
                &Repository::timeout,
                "How long one fetch or push may take.",
                {.least = 1000, .most = 3'600'000}
            );
            m.boolean(
                "repository_policies",
                &Repository::repository_policies,
                "Policies in .linkspan/policies/ of the branch may narrow those of this file."
            );
            m.check(check_repository);
        }};
    return mapping;
}

}  // namespace linkspan::config
