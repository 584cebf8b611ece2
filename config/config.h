// Config: linkspan.yaml as values, validated. docs/configuration.md describes every key.
//
// A Config is immutable after loading and shared by shared_ptr<const Config>; a reload makes
// another one.
#pragma once

#include "core/image/mirrors.h"
#include "core/plan/grouping.h"
#include "core/plan/scope.h"
#include "core/policy/policy.h"
#include "core/result.h"
#include "core/secret.h"
#include "webhooks/receiver.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::config {

// A secret by reference: {file: …} or {env: …}. Read at use, so that a changed file counts at once.
struct SecretRef {
    enum class Kind { File, Env } kind = Kind::File;
    std::string
        name;  // path (absolute, or relative to the config file and made absolute) or variable
    // One trailing line break is dropped. Errors: NotFound, InvalidInput (empty).
    [[nodiscard]] Result<Secret> read() const;
};

struct Server {
    std::string listen = "0.0.0.0:8080";  // host:port; port 0 picks one
    std::string public_url;               // for links; empty: none are made
    std::size_t max_body = 1 << 20;       // bytes
    std::size_t max_headers = 64 << 10;   // bytes, all headers together
    std::chrono::seconds header_timeout{10};
    std::chrono::seconds body_timeout{30};
    std::chrono::seconds idle_timeout{60};
    std::chrono::seconds drain_timeout{10};
    std::size_t max_connections = 4096;
    struct Tls {
        std::string certificate;  // PEM files
        std::string key;
        std::string client_ca;  // PEM; empty: no certificate is asked for
    };
    std::optional<Tls> tls;
    // Bearer token for reading the API; none: reading is open.
    std::optional<SecretRef> read_token;
};

struct Store {
    std::string sqlite_path = "linkspan.db";  // made absolute, relative to the config file
};

struct Registry {
    std::string host;
    bool insecure = false;  // plain HTTP
    std::string ca_file;
    std::optional<std::string> username;
    std::optional<SecretRef> password;
    std::string docker_config;  // path of a Docker config.json with `auths`
    std::chrono::seconds timeout{30};
    std::string client_certificate;    // PEM files; empty: none
    std::string client_key;            // empty: it is in client_certificate
    std::string proxy;                 // URL; empty: as the environment says
    std::size_t max_tags = 100'000;    // a longer list is cut, and said so
    unsigned requests_per_second = 0;  // 0: no limit
    unsigned concurrency = 16;         // requests at once
    // How often its images are asked for new tags, where it can't call us. 0: it calls.
    std::chrono::milliseconds poll{0};
    // How old a complete list of an image's tags may be. 0: it is never taken again.
    std::chrono::milliseconds resync{std::chrono::hours{6}};
    // Where the API really is, when the name in image references is not where it answers
    // ("http://127.0.0.1:5000"); empty: https://host (http with `insecure`).
    std::string endpoint;
};

struct Identity {
    std::string name = "Linkspan";
    std::string email = "linkspan@localhost";
};

// A GitHub App: its tokens live for an hour and are made as they are needed.
struct GithubApp {
    std::string app_id;                           // or client id
    std::optional<std::int64_t> installation_id;  // none: looked up by the repository
    std::optional<SecretRef> private_key;         // PEM
};

struct GitCredentials {
    std::string username;               // basic; empty with a token: "git"
    std::optional<SecretRef> password;  // or token
    std::string ssh_key;                // path of a private key
    bool ssh_agent = false;             // the keys of the agent and of ssh_config
    std::optional<SecretRef> passphrase;
    std::string known_hosts;  // path; required for ssh
    // For https: PEM files that show who we are; an empty key is in the certificate's file.
    std::string client_certificate;
    std::string client_key;
    std::optional<GithubApp> github_app;  // in place of a password
};

// Who vouches for commits. One of the two.
struct Signing {
    enum class Kind { Gpg, Ssh } kind = Kind::Gpg;
    std::string key;         // Gpg: id, fingerprint or address; Ssh: path of the private key
    std::string gnupg_home;  // folder of the keyring; empty: the user's own
    std::optional<SecretRef> passphrase;
};

// Whose API is asked for pull requests, and how.
struct Forge {
    enum class Type {
        Guess,  // by the host of the URL
        Github,
        Gitlab,
        Gitea,
        BitbucketCloud,
        BitbucketDataCenter,
        AzureDevops,
    };
    Type type = Type::Guess;
    std::string url;      // of the web interface or the API; empty: as the repository's URL says
    std::string project;  // path of the repository there; empty: as the repository's URL says
    std::string username;
    std::optional<SecretRef> password;
    std::optional<SecretRef> token;
    std::optional<GithubApp> github_app;
    std::string ca_file;
    std::string proxy;  // URL; empty: as the environment says
    std::chrono::seconds timeout{30};
    // How often open pull requests are looked at where no event tells of them.
    std::chrono::milliseconds poll{300'000};
};

struct Repository {
    std::string name;
    std::string url;  // https://, http://, ssh://, user@host:path, file:// or a path
    std::string branch = "main";
    // The configuration says HEAD: `branch` is that until the remote was asked what HEAD names.
    bool follows_head = false;
    GitCredentials credentials;
    std::optional<Forge> forge;  // none: no pull requests
    Identity author;
    std::optional<Identity> committer;  // none: the author
    std::optional<Signing> signing;
    std::string message;  // template; empty: the default
    bool sign_off = false;
    bool skip_ci = false;
    plan::Grouping group = plan::Grouping::All;  // of a turn's changes into commits
    std::vector<std::string> push_options;
    // Push to this ref for review ("refs/for/main") in place of the branch; empty: the branch.
    std::string review;
    std::string ca_file;
    std::string proxy;  // URL; empty: what the environment says
    std::chrono::seconds timeout{60};
    // Policies in .linkspan/policies/ of the branch narrow those of the config.
    bool repository_policies = false;
};

// Who is told what became of work, and what controllers report. docs/notifications.md.
struct Notification {
    enum class Type { FluxReceiver, ArgoCd, Slack, CloudEvents, Webhook, CommitStatus };
    // What is told; outcomes of work, and what a controller says of a commit.
    enum class On {
        Committed,
        PullRequest,
        Merged,
        AlreadyCurrent,
        Refused,
        Failed,
        Held,
        Applied,
        ApplyFailed
    };
    struct Header {
        std::string name;
        std::string value;  // when there is no secret
        std::optional<SecretRef> secret{};
    };
    std::string name;
    Type type = Type::Webhook;
    std::string url;  // when it is no secret
    std::optional<SecretRef> url_secret;
    std::optional<SecretRef> secret;         // signs
    std::optional<SecretRef> token;          // bearer
    Forge::Type forge = Forge::Type::Guess;  // of commit statuses: whose API `url` is
    std::vector<Header> headers;
    std::vector<On> on;  // empty: what the type is for
    std::string ca_file;
    std::string proxy;  // empty: what the environment says
    std::chrono::milliseconds timeout{10000};
    std::chrono::milliseconds give_up_after{std::chrono::hours{24}};

    // `on`, or what the type tells by itself.
    [[nodiscard]] std::vector<On> tells() const;
};

enum class Find { Markers, Images };
enum class Deliver { Commit, PullRequest };
enum class MergeMethod { Merge, Squash, Rebase };

// How a target's changes are proposed, for `deliver: pull_request`.
struct PullRequest {
    std::string branch = "linkspan/{target}";  // template
    std::string title;                         // templates; empty: the defaults
    std::string body;
    std::vector<std::string> labels;
    std::vector<std::string> assignees;
    std::vector<std::string> reviewers;
    std::vector<std::string> teams;
    std::string milestone;
    bool draft_while_soaking = false;
    bool automerge = false;
    MergeMethod merge_method = MergeMethod::Squash;
    // After a push, before we merge by ourselves.
    std::chrono::milliseconds checks_within{60'000};
    plan::Grouping group = plan::Grouping::All;
    std::size_t max_open = 0;      // of the target; 0: any number
    std::size_t max_per_hour = 0;  // opened; 0: any number
    bool delete_branch = true;     // when it was merged or closed by us
    bool codeowners = false;       // ask those whom CODEOWNERS names for the changed files
    bool status = false;           // commit statuses for soak and signature checks
    bool api_commits = false;      // made by the platform, and so signed by it
};

struct Target {
    std::string name;
    std::string repository;
    std::vector<std::string> paths;   // prefixes inside the repository; empty: everything
    std::vector<std::string> ignore;  // globs over the path inside the repository
    std::vector<std::string> policies;
    std::vector<Find> find{Find::Markers, Find::Images};
    // From `fields` and from `find`; each with the full name of its policy, or none.
    std::vector<std::shared_ptr<plan::FieldWatch>> fields;
    Deliver deliver = Deliver::Commit;
    PullRequest pull_request;
    std::chrono::milliseconds batch{0};  // how long a turn waits for company
    policy::Schedule schedule;           // when it may be changed
    // Names of notifications; absent: all of them.
    std::optional<std::vector<std::string>> notify;
};

// Images of `source` that are also held by `mirror`; both host, or host and path.
struct Mirror {
    std::string source;
    std::string mirror;
};

struct Retry {
    std::chrono::milliseconds initial{1000};
    std::chrono::milliseconds longest{300000};
    // After this long of transient failures the work is a dead letter, visible and replayable.
    std::chrono::hours give_up_after{72};
    // How long a pushed tag may be missing from its registry before the event is refused:
    // Distribution notifies before it writes the tag.
    std::chrono::milliseconds missing_tag{10000};
    // How long an image may be without the signature that a policy wants, from when it was first
    // seen: a signature is made after its image.
    std::chrono::milliseconds missing_signature{60000};
};

// What stands in a delivery's `receiver` when an operator made it; no receiver may be called so.
inline constexpr std::string_view kOperatorReceiver = "operator";

// A person or program that may use the API.
struct Operator {
    std::string name;  // audit records, holds and commits say it
    SecretRef token;   // bearer
    enum class Role { Reader, Operator } role = Role::Reader;  // an operator reads too
    std::vector<std::string> targets{"*"};                     // globs: where an operator may act
};

struct Config {
    std::string file;       // as given to load()
    std::string directory;  // absolute directory of the file: relative paths start here
    std::string data_dir;   // mirrors; default: "data" beside the database
    Server server;
    Store store;
    Retry retry;
    std::vector<webhooks::Receiver> receivers;
    std::vector<Registry> registries;
    std::vector<Repository> repositories;
    std::vector<policy::Policy> policies;
    std::vector<Target> targets;
    std::vector<Notification> notifications;
    std::vector<Mirror> mirrors;
    std::shared_ptr<const image::Mirrors> same_images;  // what `mirrors` says; null: nothing
    std::shared_ptr<const std::vector<std::string>> policy_names;  // full ones, sorted
    std::vector<Operator> operators;
    // Settled deliveries are deleted after this; audit records a year later.
    std::chrono::hours retention{24 * 90};

    [[nodiscard]] const webhooks::Receiver* receiver(std::string_view name) const;
    [[nodiscard]] const Registry* registry(std::string_view host) const;
    [[nodiscard]] const Repository* repository(std::string_view name) const;
    [[nodiscard]] const policy::Policy* policy(std::string_view name) const;  // short or full name
    [[nodiscard]] const Target* target(std::string_view name) const;
    [[nodiscard]] const Notification* notification(std::string_view name) const;
};

// One thing that is wrong, where, and what to do about it.
struct Diagnostic {
    std::string file;
    std::size_t line = 0;                   // 1-based
    std::size_t column = 0;                 // 1-based
    std::string message;                    // 'unknown key "recievers"; did you mean "receivers"?'
    [[nodiscard]] std::string str() const;  // "linkspan.yaml:3:1: unknown key …"
};

struct Loaded {
    std::shared_ptr<const Config> config;  // null when there is any diagnostic
    std::vector<Diagnostic> diagnostics;   // all of them, in the order of the file
};

struct LoadOptions {
    // Secrets and files that the config names have to be there and readable. False: `linkspan
    // check` on a machine that has none of them.
    bool check_references = true;
    // With the above false: what is there all the same is read. For looks from a machine that has
    // some of them, such as the keys that policies ask for.
    bool read_what_is_there = false;
};

Loaded load_file(const std::string& path, LoadOptions options = {});
Loaded load_text(std::string_view text, const std::string& file_name, LoadOptions options = {});

// One `policies[]` entry, for `linkspan policy select`.
struct LoadedPolicy {
    std::optional<policy::Policy> policy;
    std::vector<Diagnostic> diagnostics;
};
LoadedPolicy load_policy(std::string_view text, const std::string& file_name);

// A target that watches an image, and through which policy.
struct Watch {
    const Target* target = nullptr;
    const policy::Policy* policy = nullptr;
};
// The step `match`: pure.
std::vector<Watch> match(const Config& config, const image::ImageName& image);

}  // namespace linkspan::config
