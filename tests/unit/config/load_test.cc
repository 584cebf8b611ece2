// What a good file becomes.
#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

using test::Environment;
using test::TempDir;

std::shared_ptr<const Config> good(
    std::string_view text, const std::string& file = "/c/linkspan.yaml"
) {
    const Loaded loaded = load_text(text, file, {.check_references = false});
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
    if (!loaded.config) throw std::runtime_error{"not loaded"};
    return loaded.config;
}

TEST(LoadTest, AnEmptyMappingIsAllDefaults) {
    const auto config = good("{}");
    EXPECT_EQ(config->file, "/c/linkspan.yaml");
    EXPECT_EQ(config->directory, "/c");
    EXPECT_EQ(config->store.sqlite_path, "/c/linkspan.db");
    EXPECT_EQ(config->data_dir, "/c/data");
    EXPECT_EQ(config->server.listen, "0.0.0.0:8080");
    EXPECT_EQ(config->server.max_body, 1U << 20);
    EXPECT_EQ(config->retry.give_up_after, std::chrono::hours{72});
    EXPECT_FALSE(config->server.tls);
}

TEST(LoadTest, SectionsWithoutContentAreDefaults) {
    const auto config =
        good("server:\nretry:\nreceivers:\nregistries:\nrepositories:\npolicies:\ntargets:\n");
    EXPECT_TRUE(config->targets.empty());
    EXPECT_EQ(config->server.listen, "0.0.0.0:8080");
}

TEST(LoadTest, Server) {
    const auto config = good(R"(
server:
  listen: 127.0.0.1:9000
  public_url: https://linkspan.example.com/
  max_body: 2MiB
  max_headers: 32KiB
  header_timeout: 5s
  body_timeout: 1m
  idle_timeout: 1m30s
  drain_timeout: 0s
  max_connections: 128
  tls: { certificate: tls/cert.pem, key: /etc/key.pem }
  read_token: { env: READ_TOKEN }
store: sqlite:state/linkspan.db
retry: { initial: 250ms, longest: 10m, give_up_after: 2d, missing_tag: 30s, missing_signature: 5s }
)");
    EXPECT_EQ(config->server.listen, "127.0.0.1:9000");
    EXPECT_EQ(config->server.public_url, "https://linkspan.example.com");
    EXPECT_EQ(config->server.max_body, 2U << 20);
    EXPECT_EQ(config->server.max_headers, 32U << 10);
    EXPECT_EQ(config->server.header_timeout.count(), 5);
    EXPECT_EQ(config->server.body_timeout.count(), 60);
    EXPECT_EQ(config->server.idle_timeout.count(), 90);
    EXPECT_EQ(config->server.drain_timeout.count(), 0);
    EXPECT_EQ(config->server.max_connections, 128U);
    ASSERT_TRUE(config->server.tls);
    EXPECT_EQ(config->server.tls->certificate, "/c/tls/cert.pem");
    EXPECT_EQ(config->server.tls->key, "/etc/key.pem");
    ASSERT_TRUE(config->server.read_token);
    EXPECT_EQ(config->server.read_token->kind, SecretRef::Kind::Env);
    EXPECT_EQ(config->server.read_token->name, "READ_TOKEN");
    EXPECT_EQ(config->store.sqlite_path, "/c/state/linkspan.db");
    EXPECT_EQ(config->data_dir, "/c/state/data");
    EXPECT_EQ(config->retry.initial.count(), 250);
    EXPECT_EQ(config->retry.longest, std::chrono::minutes{10});
    EXPECT_EQ(config->retry.give_up_after.count(), 48);
    EXPECT_EQ(config->retry.missing_tag.count(), 30'000);
    EXPECT_EQ(config->retry.missing_signature.count(), 5000);
}

TEST(LoadTest, ReceiversAuthIsTheirSendersUnlessSaid) {
    const auto config = good(R"(
receivers:
  - { name: a, type: distribution, secret: { env: A } }
  - { name: b, type: ci, secret: { env: B } }
  - { name: c, type: ci, auth: none }
  - { name: d, type: distribution, auth: hmac, secret: { env: D }, header: X-Sig, prefix: "" }
  - name: e
    type: distribution
    auth: bearer
    secrets: [ { env: E }, { file: e } ]
    registry: Registry.Example.com:5000
    override_host: true
    images: [ "registry.example.com/acme/**" ]
)");
    using webhooks::AuthScheme;
    ASSERT_EQ(config->receivers.size(), 5U);
    EXPECT_EQ(config->receivers[0].auth.scheme, AuthScheme::Bearer);
    EXPECT_TRUE(config->receivers[0].auth.secrets);
    EXPECT_EQ(config->receivers[1].auth.scheme, AuthScheme::Hmac);
    EXPECT_EQ(config->receivers[1].auth.header, "X-Linkspan-Signature-256");
    EXPECT_EQ(config->receivers[1].auth.prefix, "sha256=");
    EXPECT_EQ(config->receivers[2].auth.scheme, AuthScheme::None);
    EXPECT_FALSE(config->receivers[2].auth.secrets);
    EXPECT_EQ(config->receivers[3].auth.header, "X-Sig");
    EXPECT_EQ(config->receivers[3].auth.prefix, "");
    EXPECT_EQ(config->receivers[4].registry, "registry.example.com:5000");
    EXPECT_TRUE(config->receivers[4].override_host);
    EXPECT_EQ(config->receivers[4].images.size(), 1U);
    EXPECT_EQ(config->receiver("d"), &config->receivers[3]);
    EXPECT_EQ(config->receiver("x"), nullptr);
}

TEST(LoadTest, WhatAReceiverDoesNotSayIsAsItsSenderDoesIt) {
    const auto config = good(R"(
receivers:
  - { name: own, type: harbor, secret: { env: A } }
  - { name: nexus, type: nexus, auth: hmac, secret: { env: A } }
  - { name: gitea, type: gitea, auth: hmac, header: X-Mine, secret: { env: A } }
  - { name: google, type: google, audience: linkspan, subjects: [ "*" ] }
)");
    using webhooks::AuthScheme;
    EXPECT_EQ(config->receiver("own")->auth.scheme, AuthScheme::Own);
    const webhooks::Auth& nexus = config->receiver("nexus")->auth;
    EXPECT_EQ(nexus.header, "X-Nexus-Webhook-Signature");
    EXPECT_EQ(nexus.prefix, "");
    EXPECT_EQ(nexus.hash, webhooks::HashAlgorithm::Sha1);
    EXPECT_EQ(config->receiver("gitea")->auth.header, "X-Mine");
    EXPECT_EQ(config->receiver("gitea")->auth.prefix, "");
    const webhooks::Auth& google = config->receiver("google")->auth;
    EXPECT_EQ(google.scheme, AuthScheme::Oidc);
    EXPECT_EQ(google.oidc.issuer, "https://accounts.google.com");
}

TEST(LoadTest, EveryWayToAuthenticate) {
    const auto config = good(R"(
receivers:
  - name: hmac
    type: generic
    auth: hmac
    secret: { env: A }
    header: X-Sig
    prefix: ""
    hash: sha512
    encoding: base64
  - { name: header, type: generic, auth: header, header: X-Key, secret: { env: A } }
  - { name: basic, type: zot, auth: basic, username: zot, secret: { env: A } }
  - { name: token, type: quay, auth: token, secret: { env: A } }
  - { name: sw, type: gitlab, auth: standard-webhooks, tolerance: 10m, secret: { env: A } }
  - name: oidc
    type: ci
    auth: oidc
    issuer: https://token.actions.example.com
    audience: [ linkspan, other ]
    subjects: [ "repo:acme/*:ref:refs/heads/main" ]
    claims: { ref_protected: "true", environment: [ prod, staging ] }
    skew: 30s
  - { name: sns, type: ecr, auth: sns, topics: [ "arn:aws:sns:eu-west-1:1:images" ], max_age: 1d }
  - { name: ecr, type: ecr, topics: [ "arn:aws:sns:eu-west-1:1:images" ] }
)");
    using webhooks::AuthScheme;
    const webhooks::Auth& hmac = config->receiver("hmac")->auth;
    EXPECT_EQ(hmac.header, "X-Sig");
    EXPECT_EQ(hmac.prefix, "");
    EXPECT_EQ(hmac.hash, webhooks::HashAlgorithm::Sha512);
    EXPECT_EQ(hmac.encoding, webhooks::SignatureEncoding::Base64);
    EXPECT_EQ(config->receiver("header")->auth.scheme, AuthScheme::Header);
    EXPECT_EQ(config->receiver("header")->auth.header, "X-Key");
    EXPECT_EQ(config->receiver("basic")->auth.username, "zot");
    EXPECT_EQ(config->receiver("token")->auth.scheme, AuthScheme::Token);
    EXPECT_EQ(config->receiver("sw")->auth.tolerance.count(), 600);
    const webhooks::OidcRules& oidc = config->receiver("oidc")->auth.oidc;
    EXPECT_EQ(oidc.issuer, "https://token.actions.example.com");
    EXPECT_EQ(oidc.audiences, (std::vector<std::string>{"linkspan", "other"}));
    EXPECT_EQ(oidc.subjects.size(), 1U);
    ASSERT_EQ(oidc.claims.size(), 2U);
    EXPECT_EQ(oidc.claims[0].first, "ref_protected");
    EXPECT_EQ(oidc.claims[0].second, std::vector<std::string>{"true"});
    EXPECT_EQ(oidc.claims[1].second, (std::vector<std::string>{"prod", "staging"}));
    EXPECT_EQ(oidc.skew.count(), 30);
    const webhooks::SnsRules& sns = config->receiver("sns")->auth.sns;
    EXPECT_EQ(sns.topics.size(), 1U);
    EXPECT_EQ(sns.max_age, std::chrono::hours{24});
    EXPECT_EQ(config->receiver("ecr")->auth.scheme, AuthScheme::Own);
}

TEST(LoadTest, WhatAReceiverMaySay) {
    const auto config = good(R"(
receivers:
  - name: any
    type: generic
    auth: none
    networks: [ 10.0.0.0/8, "::1" ]
    trusted_proxies: [ 10.1.0.0/16 ]
    rewrites:
      - { from: harbor.example.com/dockerhub, to: docker.io }
    fields:
      each: /images
      when: { "{header:X-Event}": push, "/state": "succe*" }
      id: "{header:X-Id}"
      image: "{/registry}/{/name|lower}"
      tag: /tag
      digest: /digest
      media_type: /type
      pushed_at: /at
      revision: /sha
      source: /repo
      build_url: /url
      actor: /user
)");
    const webhooks::Receiver& any = config->receivers[0];
    EXPECT_EQ(any.networks.size(), 2U);
    EXPECT_EQ(any.trusted_proxies.size(), 1U);
    ASSERT_EQ(any.rewrites.size(), 1U);
    EXPECT_EQ(any.rewrites[0].to, "docker.io");
    EXPECT_EQ(any.fields.each, "/images");
    ASSERT_EQ(any.fields.when.size(), 2U);
    EXPECT_EQ(any.fields.when[0].first, "{header:X-Event}");
    EXPECT_EQ(any.fields.when[1].second, "succe*");
    EXPECT_EQ(any.fields.image, "{/registry}/{/name|lower}");
    EXPECT_EQ(any.fields.actor, "/user");
}

TEST(LoadTest, ReceiversHaveTheirSecrets) {
    const Environment one{"LINKSPAN_TEST_ONE", "test-secret-not-real-1"};
    const TempDir dir;
    dir.write("two", "test-secret-not-real-2\n");
    const Loaded loaded = load_text(
        "receivers: [{name: a, type: ci, secrets: [{env: LINKSPAN_TEST_ONE}, {file: two}]}]",
        dir.path("linkspan.yaml")
    );
    ASSERT_TRUE(loaded.config) << loaded.diagnostics[0].str();
    const auto secrets = loaded.config->receivers[0].auth.secrets->current();
    ASSERT_EQ(secrets.size(), 2U);
    EXPECT_EQ(secrets[0].reveal(), "test-secret-not-real-1");
    EXPECT_EQ(secrets[1].reveal(), "test-secret-not-real-2");
}

TEST(LoadTest, Registries) {
    const auto config = good(R"(
registries:
  - { host: Registry.example.com, credentials: { username: u, password: { env: P } }, ca_file: ca.pem, timeout: 5s }
  - { host: "localhost:5000", insecure: true, endpoint: "http://127.0.0.1:5000/" }
  - { host: ghcr.io, credentials: { docker_config: ../config.json } }
  - host: index.docker.io
    client_certificate: tls/client.pem
    client_key: tls/client.key
    proxy: http://proxy.example.com:3128
    max_tags: 500
    requests_per_second: 5
    concurrency: 2
    poll: 5m
    resync: 12h
)");
    ASSERT_EQ(config->registries.size(), 4U);
    const Registry* hub = config->registry("docker.io");
    ASSERT_EQ(hub, &config->registries[3]);
    EXPECT_EQ(hub->client_certificate, "/c/tls/client.pem");
    EXPECT_EQ(hub->client_key, "/c/tls/client.key");
    EXPECT_EQ(hub->proxy, "http://proxy.example.com:3128");
    EXPECT_EQ(hub->max_tags, 500U);
    EXPECT_EQ(hub->requests_per_second, 5U);
    EXPECT_EQ(hub->concurrency, 2U);
    EXPECT_EQ(hub->poll, std::chrono::minutes{5});
    EXPECT_EQ(hub->resync, std::chrono::hours{12});
    EXPECT_EQ(config->registries[0].poll.count(), 0);
    EXPECT_EQ(config->registries[0].resync, std::chrono::hours{6});
    const Registry* first = config->registry("registry.example.com");
    ASSERT_EQ(first, &config->registries[0]);
    EXPECT_EQ(first->username, "u");
    EXPECT_EQ(first->password->name, "P");
    EXPECT_EQ(first->ca_file, "/c/ca.pem");
    EXPECT_EQ(first->timeout.count(), 5);
    EXPECT_TRUE(config->registries[1].insecure);
    EXPECT_EQ(config->registries[1].endpoint, "http://127.0.0.1:5000");
    EXPECT_FALSE(config->registries[1].username);
    EXPECT_EQ(config->registries[2].docker_config, "/config.json");
}

TEST(LoadTest, Repositories) {
    const auto config = good(R"(
repositories:
  - name: fleet
    url: https://git.example.com/acme/fleet.git
    branch: refs/heads/env/prod
    credentials: { token: { env: TOKEN } }
    author: { name: Bot, email: bot@example.com }
    message: |
      chore: update images

      {changes}
    ca_file: /etc/ca.pem
    timeout: 2m
  - name: ssh
    url: git@git.example.com:acme/fleet.git
    credentials: { ssh_key: key, passphrase: { file: pass }, known_hosts: known }
  - { name: local, url: ../git/fleet.git }
  - { name: basic, url: "http://git.example.com/x", credentials: { username: me, password: { env: P } } }
)");
    const Repository* fleet = config->repository("fleet");
    ASSERT_NE(fleet, nullptr);
    EXPECT_EQ(fleet->branch, "env/prod");
    EXPECT_EQ(fleet->credentials.username, "git");
    EXPECT_EQ(fleet->credentials.password->name, "TOKEN");
    EXPECT_EQ(fleet->author.name, "Bot");
    EXPECT_EQ(fleet->author.email, "bot@example.com");
    EXPECT_EQ(fleet->message, "chore: update images\n\n{changes}\n");
    EXPECT_EQ(fleet->ca_file, "/etc/ca.pem");
    EXPECT_EQ(fleet->timeout.count(), 120);
    const Repository* ssh = config->repository("ssh");
    EXPECT_EQ(ssh->credentials.ssh_key, "/c/key");
    EXPECT_EQ(ssh->credentials.passphrase->name, "/c/pass");
    EXPECT_EQ(ssh->credentials.known_hosts, "/c/known");
    EXPECT_EQ(ssh->branch, "main");
    EXPECT_EQ(ssh->author.name, "Linkspan");
    EXPECT_EQ(config->repository("local")->url, "/git/fleet.git");
    EXPECT_EQ(config->repository("basic")->credentials.username, "me");
}

TEST(LoadTest, Policies) {
    const auto config = good(R"(
policies:
  - name: app
    namespace: flux-system
    image: registry.example.com/acme/app
    tags: { pattern: '^main-(?P<ts>[0-9]+)$', extract: '$ts', allow: ['main-*'], ignore: ['*-debug', '/^rc/'] }
    select: { numerical: desc }
    digest: pin
    allow_downgrade: true
  - { name: a, image: nginx, select: { semver: 1.x } }
  - { name: b, image: nginx, select: { semver: { range: ">=1", strict: false } }, digest: never }
  - { name: c, image: nginx, select: { semver: {} } }
  - { name: d, image: nginx, select: { alphabetical: asc } }
)");
    const policy::Policy* app = config->policy("flux-system:app");
    ASSERT_NE(app, nullptr);
    EXPECT_EQ(app->image.str(), "registry.example.com/acme/app");
    EXPECT_EQ(app->tags.pattern, "^main-(?P<ts>[0-9]+)$");
    EXPECT_EQ(app->tags.extract, "$ts");
    EXPECT_EQ(app->tags.allow, std::vector<std::string>{"main-*"});
    EXPECT_EQ(app->tags.ignore, (std::vector<std::string>{"*-debug", "/^rc/"}));
    EXPECT_EQ(std::get<policy::Numerical>(app->select).order, policy::Order::Desc);
    EXPECT_EQ(app->digest, policy::DigestMode::Pin);
    EXPECT_TRUE(app->allow_downgrade);
    const auto& a = std::get<policy::Semver>(config->policy("a")->select);
    EXPECT_EQ(a.range, "1.x");
    EXPECT_TRUE(a.strict);
    EXPECT_EQ(config->policy("a")->digest, policy::DigestMode::Keep);
    const auto& b = std::get<policy::Semver>(config->policy("b")->select);
    EXPECT_EQ(b.range, ">=1");
    EXPECT_FALSE(b.strict);
    EXPECT_EQ(std::get<policy::Semver>(config->policy("c")->select).range, "*");
    EXPECT_EQ(
        std::get<policy::Alphabetical>(config->policy("d")->select).order, policy::Order::Asc
    );
}

TEST(LoadTest, EveryWayToSelect) {
    const auto config = good(R"(
policies:
  - { name: newest, image: nginx, select: { newest: {} } }
  - { name: newest2, image: nginx, select: { newest: } }
  - { name: digest, image: nginx, select: { digest: latest } }
  - { name: calver, image: nginx, select: { calver: YYYY.0M.MICRO } }
  - { name: regex, image: nginx, select: { regex: '^v(?P<n>[0-9]+)$' } }
  - name: groups
    image: nginx
    tags: { cap: 10 }
    select:
      regex:
        pattern: '^(?P<major>[0-9]+)-(?P<build>[0-9]+)$'
        compare: [ { name: build, order: desc }, major ]
)");
    EXPECT_TRUE(std::holds_alternative<policy::Newest>(config->policy("newest")->select));
    EXPECT_TRUE(std::holds_alternative<policy::Newest>(config->policy("newest2")->select));
    EXPECT_EQ(std::get<policy::Follow>(config->policy("digest")->select).tag, "latest");
    EXPECT_EQ(std::get<policy::Calver>(config->policy("calver")->select).layout, "YYYY.0M.MICRO");
    const auto& regex = std::get<policy::Groups>(config->policy("regex")->select);
    EXPECT_EQ(regex.pattern, "^v(?P<n>[0-9]+)$");
    EXPECT_TRUE(regex.compare.empty());
    const auto& groups = std::get<policy::Groups>(config->policy("groups")->select);
    ASSERT_EQ(groups.compare.size(), 2U);
    EXPECT_EQ(groups.compare[0].name, "build");
    EXPECT_EQ(groups.compare[0].order, policy::Order::Desc);
    EXPECT_EQ(groups.compare[1].name, "major");
    EXPECT_EQ(groups.compare[1].order, policy::Order::Asc);
    EXPECT_EQ(config->policy("groups")->tags.cap, 10U);
}

TEST(LoadTest, Targets) {
    const auto config = good(R"(
repositories: [ { name: fleet, url: fleet.git } ]
policies: [ { name: app, namespace: flux, image: nginx, select: { semver: "*" } } ]
targets:
  - name: prod
    repository: fleet
    paths: [ ./clusters/prod/, base ]
    ignore: [ "**/vendor/**" ]
    policies: [ app ]
    find: [ markers, markers ]
    deliver: commit
    batch: 1500ms
  - { name: all, repository: fleet, policies: [ "flux:app" ], paths: [ a, . ] }
)");
    const Target* prod = config->target("prod");
    ASSERT_NE(prod, nullptr);
    EXPECT_EQ(prod->paths, (std::vector<std::string>{"clusters/prod", "base"}));
    EXPECT_EQ(prod->ignore, std::vector<std::string>{"**/vendor/**"});
    EXPECT_EQ(prod->find, std::vector<Find>{Find::Markers});
    EXPECT_EQ(prod->batch.count(), 1500);
    const Target* all = config->target("all");
    EXPECT_EQ(all->paths, std::vector<std::string>{});
    EXPECT_EQ(all->find, (std::vector<Find>{Find::Markers, Find::Images}));
}

TEST(LoadTest, ValuesCanBeSharedByAnchors) {
    const auto config = good(R"(
repositories:
  - { name: a, url: a.git, author: &bot { name: Bot, email: bot@example.com } }
  - { name: b, url: b.git, author: *bot }
)");
    EXPECT_EQ(config->repository("b")->author.email, "bot@example.com");
}

TEST(LoadFileTest, PathsStartAtTheFolderOfTheFile) {
    const TempDir dir;
    const std::string file = dir.write("etc/linkspan.yaml", "store: sqlite:../state/x.db\n");
    const Loaded loaded = load_file(file);
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->file, file);
    EXPECT_EQ(loaded.config->directory, dir.path("etc"));
    EXPECT_EQ(loaded.config->store.sqlite_path, dir.path("state/x.db"));
    EXPECT_EQ(loaded.config->data_dir, dir.path("state/data"));
}

TEST(LoadFileTest, AFileThatIsNotThereIsADiagnostic) {
    const TempDir dir;
    const Loaded missing = load_file(dir.path("none.yaml"));
    EXPECT_FALSE(missing.config);
    ASSERT_EQ(missing.diagnostics.size(), 1U);
    EXPECT_EQ(missing.diagnostics[0].file, dir.path("none.yaml"));
    EXPECT_TRUE(missing.diagnostics[0].message.ends_with("does not exist"));
    EXPECT_TRUE(load_file(dir.path()).diagnostics[0].message.ends_with("is a directory"));
}

TEST(LoadPolicyTest, NeedsOnlyASelection) {
    const LoadedPolicy loaded = load_policy("select: { semver: ^1 }\n", "p.yaml");
    ASSERT_TRUE(loaded.policy);
    EXPECT_EQ(std::get<policy::Semver>(loaded.policy->select).range, "^1");
}

TEST(LoadPolicyTest, ReadsAnEntryCopiedFromAConfig) {
    const LoadedPolicy loaded =
        load_policy("- name: app\n  image: nginx\n  select: { alphabetical: desc }\n", "p.yaml");
    ASSERT_TRUE(loaded.policy);
    EXPECT_EQ(loaded.policy->name, "app");
    EXPECT_EQ(loaded.policy->image.str(), "docker.io/library/nginx");
}

TEST(LoadPolicyTest, SaysWhatIsWrong) {
    struct Case {
        std::string text;
        std::string expected;
    };
    const Case cases[] = {
        {"", "1:1: the file is empty"},
        {"name: app\n", "1:1: missing \"select\""},
        {"- {}\n- {}\n", "1:1: expected a mapping, found a list"},
        {"select: { semvr: 1 }\n", "1:11: select: unknown key \"semvr\"; did you mean \"semver\"?"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        const LoadedPolicy loaded = load_policy(c.text, "p.yaml");
        EXPECT_FALSE(loaded.policy);
        ASSERT_FALSE(loaded.diagnostics.empty());
        EXPECT_EQ(test::lines(loaded.diagnostics)[0], c.expected);
    }
}

TEST(LoadTest, WatchedFieldsKnowWhoseTheyAre) {
    const auto loaded = load_text(
        "repositories: [ { name: r, url: r.git } ]\n"
        "policies:\n"
        "  - { name: a, namespace: x, image: nginx, select: { semver: 1.x } }\n"
        "  - { name: b, image: acme/b, select: { semver: 1.x } }\n"
        "mirrors: [ { source: docker.io, mirror: r.io/hub } ]\n"
        "targets:\n"
        "  - name: one\n"
        "    repository: r\n"
        "    policies: [ a ]\n"
        "    find: [ { fields: [ { files: '*.env', path: TAG, role: tag } ] } ]\n"
        "    fields: [ { files: '*.tf', pattern: '(?P<image>x)' } ]\n"
        "  - name: two\n"
        "    repository: r\n"
        "    policies: [ a, b ]\n"
        "    fields: [ { files: '*.env', path: TAG, role: tag, policy: a } ]\n",
        "c.yaml",
        {.check_references = false}
    );
    ASSERT_TRUE(loaded.config);
    const Target& one = loaded.config->targets[0];
    EXPECT_TRUE(one.find.empty());
    ASSERT_EQ(one.fields.size(), 2U);
    EXPECT_EQ(one.fields[0]->policy, "x:a");
    EXPECT_EQ(one.fields[1]->policy, "");
    EXPECT_EQ(loaded.config->targets[1].fields.at(0)->policy, "x:a");
    EXPECT_EQ(loaded.config->targets[1].find.size(), 2U);
    EXPECT_TRUE(loaded.config->same_images->same(
        image::ImageName::parse("r.io/hub/nginx").value(), image::ImageName::parse("nginx").value()
    ));
}

TEST(LoadTest, ATagNeedsAPolicyWhereThereAreSeveral) {
    const auto loaded = load_text(
        "repositories: [ { name: r, url: r.git } ]\n"
        "policies:\n"
        "  - { name: a, image: nginx, select: { semver: 1.x } }\n"
        "  - { name: b, image: acme/b, select: { semver: 1.x } }\n"
        "targets:\n"
        "  - name: two\n"
        "    repository: r\n"
        "    policies: [ a, b ]\n"
        "    fields: [ { files: '*.env', path: TAG, role: tag } ]\n",
        "c.yaml",
        {.check_references = false}
    );
    ASSERT_EQ(loaded.diagnostics.size(), 1U);
    EXPECT_EQ(loaded.diagnostics[0].line, 9U);
}

}  // namespace
}  // namespace linkspan::config
