// What is wrong with a file: each problem with its place and what to do, all of them at once.
#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

using test::Environment;
using test::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> problems(
    std::string_view text, LoadOptions options = {.check_references = false}
) {
    const Loaded loaded = load_text(text, "/c/linkspan.yaml", options);
    EXPECT_EQ(loaded.config == nullptr, !loaded.diagnostics.empty());
    for (const Diagnostic& d : loaded.diagnostics) EXPECT_EQ(d.file, "/c/linkspan.yaml");
    return test::lines(loaded.diagnostics);
}

struct Case {
    std::string name;
    std::string text;
    std::vector<std::string> expected;
};

void expect_all(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(problems(c.text), c.expected);
    }
}

// Enough for a target to refer to.
const std::string kBase = R"(repositories: [ { name: fleet, url: fleet.git } ]
policies: [ { name: app, namespace: flux, image: nginx, select: { semver: "*" } } ]
)";

TEST(ProblemTest, EverythingIsReportedAtOnceInTheOrderOfTheFile) {
    EXPECT_THAT(
        problems(R"(recievers: []
server:
  listen: 8080
  max_body: lots
repositories:
  - url: fleet.git
    brnach: main
targets:
  - { name: prod, repository: flet, policies: [ app ] }
  - { name: prod, repository: fleet, policies: [] }
)"),
        ElementsAre(
            "1:1: unknown key \"recievers\"; did you mean \"receivers\"?",
            "3:11: server.listen: \"8080\" is no address; write host:port, such as 0.0.0.0:8080 or "
            "[::1]:8080",
            "4:13: server.max_body: \"lots\" is not a size; write it like 65536, 64KiB, 1MiB or "
            "2GiB",
            "6:5: repositories[0]: missing \"name\"",
            "7:5: repositories[0]: unknown key \"brnach\"; did you mean \"branch\"?",
            "9:31: targets[0].repository: unknown repository \"flet\"; there are none",
            "9:49: targets[0].policies[0]: unknown policy \"app\"; there are none",
            "10:13: targets[1]: the name \"prod\" is taken by line 9",
            "10:31: targets[1].repository: unknown repository \"fleet\"; there are none",
            "10:48: targets[1].policies: the list is empty; name at least one"
        )
    );
}

TEST(ProblemTest, KeysAndKinds) {
    expect_all({
        {"not a mapping", "- a\n", {"1:1: expected a mapping, found a list"}},
        {"text", "hello\n", {"1:1: expected a mapping, found text"}},
        {"unknown key lists the known ones",
         "retry: { bogus: 1 }\n",
         {"1:10: retry: unknown key \"bogus\"; known are initial, longest, give_up_after, "
          "missing_tag, missing_signature"}},
        {"list for a mapping", "server: []\n", {"1:9: server: expected a mapping, found a list"}},
        {"mapping for a list",
         "receivers: { name: a }\n",
         {"1:12: receivers: expected a list, found a mapping"}},
        {"list for text",
         "server: { listen: [a] }\n",
         {"1:19: server.listen: expected text, found a list"}},
        {"no value",
         "server:\n  listen:\n",
         {"2:3: server.listen: has no value; give one or remove the key"}},
        {"empty text",
         "server: { listen: '' }\n",
         {"1:19: server.listen: has no value; give one or remove the key"}},
        {"not a number",
         "server: { max_connections: many }\n",
         {"1:28: server.max_connections: expected a whole number, found \"many\""}},
        {"number in quotes",
         "server: { max_connections: '12' }\n",
         {"1:28: server.max_connections: expected a whole number, found \"12\" in quotes; remove "
          "them"}},
        {"number too large",
         "server: { max_connections: 99999999999999999999 }\n",
         {"1:28: server.max_connections: expected a whole number, found \"99999999999999999999\""}},
        {"number out of range",
         "server: { max_connections: 0 }\n",
         {"1:28: server.max_connections: 0 is not between 1 and 1000000"}},
        {"not a boolean",
         "registries: [ { host: a.example.com, insecure: yes } ]\n",
         {"1:48: registries[0].insecure: expected true or false, found \"yes\""}},
        {"item without content",
         "targets:\n  -\n",
         {
             "2:3: targets[0]: missing \"name\"",
             "2:3: targets[0]: missing \"repository\"",
             "2:3: targets[0]: missing \"policies\"",
         }},
        {"duplicate key counts once",
         "policies: []\npolicies: []\n",
         {"2:1: the key \"policies\" is given twice; it is on line 1 already"}},
        {"long text is cut",
         "server: { listen: " + std::string(500, 'x') + " }\n",
         {"1:19: server.listen: \"" + std::string(80, 'x') +
          "…\" is no address; write host:port, such as 0.0.0.0:8080 or [::1]:8080"}},
    });
}

TEST(ProblemTest, DurationsAndSizes) {
    expect_all({
        {"without a unit",
         "server: { idle_timeout: 30 }\n",
         {"1:25: server.idle_timeout: \"30\" is not a duration; write it like 250ms, 30s, 5m or "
          "1h30m"}},
        {"too fine",
         "server: { idle_timeout: 1500ms }\n",
         {"1:25: server.idle_timeout: \"1500ms\" is not a multiple of 1s"}},
        {"hours",
         "retry: { give_up_after: 90m }\n",
         {"1:25: retry.give_up_after: \"90m\" is not a multiple of 1h"}},
        {"too short",
         "server: { body_timeout: 0s }\n",
         {"1:25: server.body_timeout: \"0s\" is not between 1s and 1h"}},
        {"too large",
         "server: { max_body: 1GiB }\n",
         {"1:21: server.max_body: \"1GiB\" is not between 1KiB and 64MiB"}},
        {"order of two",
         "retry: { initial: 10s, longest: 1s }\n",
         {"1:33: retry: \"longest\" is shorter than \"initial\"; swap them"}},
        {"order against a default",
         "retry: { initial: 10m }\n",
         {"1:19: retry: \"longest\" is shorter than \"initial\"; swap them"}},
    });
}

TEST(ProblemTest, Store) {
    expect_all({
        {"postgresql",
         "store: postgresql://me:test-secret-not-real@db/linkspan\n",
         {"1:8: store: postgresql is not built yet; use sqlite:linkspan.db"}},
        {"another",
         "store: mysql://db\n",
         {"1:8: store: not a store; write sqlite: and a file, such as sqlite:linkspan.db"}},
        {"no file",
         "store: 'sqlite:'\n",
         {"1:8: store: not a store; write sqlite: and a file, such as sqlite:linkspan.db"}},
        {"URL",
         "store: sqlite:///var/linkspan.db\n",
         {"1:8: store: write the file right after sqlite: (sqlite:/var/lib/linkspan.db)"}},
    });
}

TEST(ProblemTest, Receivers) {
    expect_all({
        {"unknown type",
         "receivers: [ { name: a, type: distributon, auth: none } ]\n",
         {"1:31: receivers[0].type: unknown type \"distributon\", did you mean \"distribution\"?; "
          "types "
          "are acr, aliyun, argocd, azuredevops, bitbucket, bitbucket_server, cdevents, ci, "
          "cloudevents, distribution, dockerhub, ecr, flux, generic, gitea, github, gitlab, "
          "google, "
          "harbor, jfrog, nexus, quay and zot"}},
        {"missing everything",
         "receivers:\n  - auth: none\n",
         {"2:5: receivers[0]: missing \"name\"", "2:5: receivers[0]: missing \"type\""}},
        {"unknown auth",
         "receivers: [ { name: a, type: ci, auth: hmca, secret: { env: A } } ]\n",
         {"1:41: receivers[0].auth: \"hmca\" is not one of none, own, hmac, standard-webhooks, "
          "bearer, basic, header, token, oidc, sns, client-certificate, circleci, buildkite and "
          "drone; did you mean "
          "\"hmac\"?"}},
        {"secret in the file",
         "receivers: [ { name: a, type: ci, secret: test-secret-not-real } ]\n",
         {"1:43: receivers[0].secret: secrets are given by reference: {file: …} or {env: …}"}},
        {"secret in the file as the name of a variable",
         "receivers: [ { name: a, type: ci, secret: { env: test-secret-not-real } } ]\n",
         {"1:50: receivers[0].secret.env: not the name of an environment variable; write it like "
          "HARBOR_SECRET"}},
        {"two places of one secret",
         "receivers: [ { name: a, type: ci, secret: { env: A, file: a } } ]\n",
         {"1:53: receivers[0].secret: give one of \"file\" or \"env\", not \"env\" and \"file\""}},
        {"no place of a secret",
         "receivers: [ { name: a, type: ci, secret: {} } ]\n",
         {"1:43: receivers[0].secret: give one of \"file\" or \"env\""}},
        {"secret and secrets",
         "receivers: [ { name: a, type: ci, secret: { env: A }, secrets: [ { env: B } ] } ]\n",
         {"1:64: receivers[0]: give \"secret\" or \"secrets\", not both"}},
        {"no secrets",
         "receivers: [ { name: a, type: ci, secrets: [] } ]\n",
         {"1:44: receivers[0].secrets: the list is empty; name at least one"}},
        {"secret needed",
         "receivers: [ { name: a, type: ci } ]\n",
         {"1:14: receivers[0]: missing \"secret\": auth is hmac, the default of this type; add "
          "secret: {file: …}, or auth: none when the sender can't prove who it is"}},
        {"secret without use",
         "receivers: [ { name: a, type: ci, auth: none, secret: { env: A } } ]\n",
         {"1:55: receivers[0]: a secret without a use: auth is none; remove one of the two"}},
        {"header without use",
         "receivers: [ { name: a, type: ci, auth: bearer, secret: { env: A }, header: X } ]\n",
         {"1:77: receivers[0]: \"header\" is for auth: hmac or header, not bearer; remove it"}},
        {"bad name",
         "receivers: [ { name: a/b, type: ci, auth: none } ]\n",
         {"1:22: receivers[0].name: \"a/b\" is no name; use letters, digits, '.', '_' and '-', at "
          "most "
          "63, a letter or digit first"}},
        {"nothing to override with",
         "receivers: [ { name: a, type: ci, auth: none, override_host: true } ]\n",
         {"1:62: receivers[0]: needs \"registry\": the host to put in"}},
        {"same name",
         "receivers:\n  - { name: a, type: ci, auth: none }\n  - { name: a, type: ci, auth: none "
         "}\n",
         {"3:13: receivers[1]: the name \"a\" is taken by line 2"}},
    });
}

TEST(ProblemTest, WaysToAuthenticate) {
    const auto receiver = [](const std::string& rest) {
        return "receivers: [ { name: a, " + rest + " } ]\n";
    };
    expect_all({
        {"what the sender does by itself needs a secret",
         receiver("type: harbor"),
         {"1:14: receivers[0]: missing \"secret\": auth is own, the default of this type; add "
          "secret: "
          "{file: …}, or auth: none when the sender can't prove who it is"}},
        {"keys of another scheme",
         receiver("type: github, secret: { env: A }, header: X, topics: [ a ], issuer: b"),
         {"1:67: receivers[0]: \"header\" is for auth: hmac or header, not own; remove it",
          "1:78: receivers[0]: \"topics\" is for auth: sns, not own; remove it",
          "1:93: receivers[0]: \"issuer\" is for auth: oidc, not own; remove it"}},
        {"oidc without anything",
         receiver("type: ci, auth: oidc"),
         {"1:41: receivers[0]: an issuer is needed"}},
        {"an issuer that serves everybody",
         receiver("type: ci, auth: oidc, issuer: https://gitlab.com, audience: linkspan"),
         {"1:55: receivers[0]: anybody gets a token from https://gitlab.com: add subjects or "
          "claims"}},
        {"sns without topics",
         receiver("type: ecr, auth: sns"),
         {"1:14: receivers[0]: missing \"topics\": anybody can sign for a topic of their own; name "
          "yours, such as arn:aws:sns:eu-west-1:123456789012:images"}},
        {"header without its name",
         receiver("type: zot, auth: header, secret: { env: A }"),
         {"1:42: receivers[0]: missing \"header\": the name of the header that holds the secret"}},
        {"client certificates without a CA",
         receiver("type: ci, auth: client-certificate, certificate_names: [ci]"),
         {"1:41: receivers[0]: client-certificate needs server.tls with a client_ca"}},
        {"client certificates of anybody",
         receiver("type: ci, auth: client-certificate"),
         {"1:14: receivers[0]: missing \"certificate_names\": the common names of the certificates "
          "that may call",
          "1:41: receivers[0]: client-certificate needs server.tls with a client_ca"}},
        {"not a network",
         receiver("type: ci, auth: none, networks: [ everywhere ]"),
         problems(receiver("type: ci, auth: none, networks: [ everywhere ]"))},
        {"claims",
         receiver("type: ci, auth: oidc, issuer: \"https://i\", audience: a, claims: [ b ]"),
         {"1:55: receivers[0]: anybody gets a token from https://i: add subjects or claims",
          "1:89: receivers[0].claims: expected a mapping from claims to patterns"}},
        {"fields without an image",
         receiver("type: generic, auth: none, fields: { tag: /tag }"),
         {"1:60: receivers[0].fields: missing \"image\""}},
        {"a place that does not read",
         receiver("type: generic, auth: none, fields: { image: /image, tag: '{/tag' }"),
         problems(receiver("type: generic, auth: none, fields: { image: /image, tag: '{/tag' }"))},
    });
    EXPECT_THAT(
        problems(receiver("type: ci, auth: none, networks: [ everywhere ]")),
        ElementsAre(::testing::StartsWith("1:59: receivers[0].networks[0]: "))
    );
    EXPECT_THAT(
        problems(receiver("type: generic, auth: none, fields: { image: /image, tag: '{/tag' }")),
        ElementsAre(::testing::StartsWith("1:82: receivers[0].fields: tag: "))
    );
}

TEST(ProblemTest, Registries) {
    expect_all({
        {"same host in another form",
         "registries: [ { host: docker.io },\n  { host: index.docker.io } ]\n",
         {"2:11: registries[1]: the name \"docker.io\" is taken by line 1"}},
        {"half of the credentials",
         "registries: [ { host: a.example.com, credentials: { username: u } } ]\n",
         {"1:51: registries[0].credentials: missing \"password\""}},
        {"both kinds of credentials",
         "registries: [ { host: a.example.com, credentials: { docker_config: c, username: u } } "
         "]\n",
         {"1:68: registries[0].credentials: give \"docker_config\", or \"username\" and "
          "\"password\", "
          "not both"}},
        {"no credentials",
         "registries: [ { host: a.example.com, credentials: {} } ]\n",
         {"1:51: registries[0].credentials: give \"docker_config\", or \"username\" and "
          "\"password\""}},
        {"HTTPS and insecure",
         "registries: [ { host: a.example.com, insecure: true, endpoint: https://b } ]\n",
         {"1:64: registries[0]: is HTTPS, but \"insecure\" asks for plain HTTP"}},
    });
}

TEST(ProblemTest, Repositories) {
    expect_all({
        {"SSH without what it needs",
         "repositories: [ { name: a, url: git@git.example.com:a.git } ]\n",
         {"1:33: repositories[0]: SSH needs \"credentials.known_hosts\": a file with the server's "
          "keys, as ssh-keyscan prints them",
          "1:33: repositories[0]: SSH needs \"credentials.ssh_key\": a file with a private key (or "
          "\"ssh_agent: true\")"}},
        {"SSH keys without SSH",
         "repositories: [ { name: a, url: a.git, credentials: { known_hosts: k } } ]\n",
         {"1:68: repositories[0].credentials.known_hosts: is only for SSH, and the url is none; "
          "remove it"}},
        {"password in the URL",
         "repositories: [ { name: a, url: \"https://u:test-secret-not-real@h/a.git\" } ]\n",
         {"1:33: repositories[0].url: credentials do not belong in a URL; give \"credentials\" "
          "instead"}},
        {"password and token",
         "repositories: [ { name: a, url: a.git, credentials: { username: u, password: { env: P }, "
         "token: { env: T } } } ]\n",
         {"1:97: repositories[0].credentials: give \"password\" or \"token\", not both"}},
        {"password without a user",
         "repositories: [ { name: a, url: a.git, credentials: { password: { env: P } } } ]\n",
         {"1:65: repositories[0].credentials: missing \"username\" beside \"password\""}},
        {"two ways to sign",
         "repositories: [ { name: a, url: a.git, signing: { gpg_key: a, ssh_key: key } } ]\n",
         {"1:49: repositories[0].signing: give \"gpg_key\" or \"ssh_key\", not both"}},
        {"a keyring for an SSH key",
         "repositories: [ { name: a, url: a.git, signing: { ssh_key: k, gnupg_home: x } } ]\n",
         {"1:75: repositories[0].signing: is only for \"gpg_key\"; remove it"}},
        {"a review ref that is a branch",
         "repositories: [ { name: a, url: a.git, review: main } ]\n",
         {"1:48: repositories[0].review: a ref below refs/for/, such as \"refs/for/main\", is "
          "expected"}},
        {"a client key alone",
         "repositories: [ { name: a, url: 'https://h/a', credentials: { client_key: k } } ]\n",
         {"1:75: repositories[0].credentials: missing \"client_certificate\" beside "
          "\"client_key\""}},
        {"planned",
         "repositories: [ { name: a, url: a.git, forge: { type: gitea } } ]\n",
         {"1:47: repositories[0].forge: give one of \"token\", \"username\" with \"password\", and "
          "\"github_app\""}},
        {"repositories: a GitHub App elsewhere",
         "repositories: [ { name: a, url: a.git, forge: { type: gitea, github_app: { app_id: 7, "
         "private_key: { env: PATH } } } } ]\n",
         {"1:74: repositories[0].forge: a GitHub App is for GitHub only"}},
    });
}

TEST(ProblemTest, Policies) {
    expect_all({
        {"image with a tag",
         "policies: [ { name: a, image: 'nginx:1.25', select: { semver: '*' } } ]\n",
         problems("policies: [ { name: a, image: 'nginx:1.25', select: { semver: '*' } } ]\n")},
        {"no strategy",
         "policies: [ { name: a, image: nginx, select: {} } ]\n",
         {"1:46: policies[0].select: give one of \"semver\", \"numerical\", \"alphabetical\", "
          "\"newest\", \"digest\", \"calver\" or \"regex\""}},
        {"two strategies",
         "policies: [ { name: a, image: nginx, select: { semver: 1.x, numerical: asc } } ]\n",
         {"1:61: policies[0].select: give one of \"semver\", \"numerical\", \"alphabetical\", "
          "\"newest\", \"digest\", \"calver\" or \"regex\", "
          "not "
          "\"semver\" and \"numerical\""}},
        {"order",
         "policies: [ { name: a, image: nginx, select: { numerical: up } } ]\n",
         {"1:59: policies[0].select.numerical: \"up\" is not one of asc and desc"}},
        {"list as range",
         "policies: [ { name: a, image: nginx, select: { semver: [1] } } ]\n",
         {"1:56: policies[0].select.semver: expected text, found a list"}},
        {"regex without a pattern",
         "policies: [ { name: a, image: nginx, select: { regex: { compare: [ a ] } } } ]\n",
         {"1:55: policies[0].select.regex: missing \"pattern\""}},
        {"newest with settings",
         "policies: [ { name: a, image: nginx, select: { newest: { by: push } } } ]\n",
         {"1:58: policies[0].select.newest: unknown key \"by\"; there are none"}},
        {"digest",
         "policies: [ { name: a, image: nginx, select: { semver: 1.x }, digest: pinned } ]\n",
         {"1:71: policies[0].digest: \"pinned\" is not one of keep, pin and never"}},
        {"same full name",
         "policies:\n"
         "  - { name: a, namespace: x, image: nginx, select: { semver: 1.x } }\n"
         "  - { name: a, namespace: y, image: nginx, select: { semver: 1.x } }\n"
         "  - { name: a, namespace: x, image: nginx, select: { semver: 1.x } }\n",
         {"4:13: policies[2]: the name \"x:a\" is taken by line 2"}},
    });
    EXPECT_THAT(
        problems("policies: [ { name: a, image: 'nginx:1.25', select: { semver: '*' } } ]\n"),
        ElementsAre(HasSubstr("1:31: policies[0].image: "))
    );
}

TEST(ProblemTest, WhatThePolicyRefusesIsSaidAtItsLine) {
    struct PolicyCase {
        std::string name;
        std::string lines;
        std::string expected;  // place and key
    };
    const PolicyCase cases[] = {
        {"range", "    select: { semver: '>=one' }\n", "4:23: policies[0]: select.semver: "},
        {"range with options",
         "    select:\n      semver:\n        range: 'x y'\n",
         "6:9: policies[0]: select.semver: "},
        {"pattern",
         "    tags:\n      pattern: '('\n    select: { numerical: asc }\n",
         "5:16: policies[0]: tags.pattern: "},
        {"template",
         "    tags:\n      pattern: 'a'\n      extract: $nothing\n    select: { numerical: asc }\n",
         "6:16: policies[0]: tags.extract: "},
        {"tag to follow", "    select: { digest: 'a b' }\n", "4:23: policies[0]: select.digest: "},
        {"layout", "    select: { calver: WHAT }\n", "4:23: policies[0]: select.calver: "},
        {"groups", "    select: { regex: '^v' }\n", "4:22: policies[0]: select.regex: "},
        {"digest that is never written",
         "    select: { digest: latest }\n    digest: never\n",
         "5:13: policies[0]: digest: "},
        {"ignore",
         "    tags:\n      ignore:\n        - '/(/'\n    select: { numerical: asc }\n",
         "6:11: policies[0]: tags.ignore[0]: "},
    };
    for (const PolicyCase& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_THAT(
            problems("policies:\n  - name: a\n    image: nginx\n" + c.lines),
            ElementsAre(::testing::StartsWith(c.expected))
        );
    }
}

TEST(ProblemTest, AMessageIsOneLineWhateverTheValueHolds) {
    const auto said = problems(
        "policies: [ { name: a, image: nginx, select: { numerical: asc }, tags: { pattern: "
        "\"x\\n)\" } } "
        "]\n"
    );
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].find('\n'), std::string::npos);
}

TEST(ProblemTest, Targets) {
    expect_all({
        {"nearest repository",
         kBase + "targets: [ { name: t, repository: flet, policies: [ app ] } ]\n",
         {"3:35: targets[0].repository: unknown repository \"flet\"; did you mean \"fleet\"?"}},
        {"nearest policy",
         kBase + "targets: [ { name: t, repository: fleet, policies: [ 'flux:ap', apq ] } ]\n",
         {"3:54: targets[0].policies[0]: unknown policy \"flux:ap\"; did you mean \"flux:app\"?",
          "3:65: targets[0].policies[1]: unknown policy \"apq\"; did you mean \"app\"?"}},
        {"policy listed twice",
         kBase + "targets: [ { name: t, repository: fleet, policies: [ app, 'flux:app' ] } ]\n",
         {"3:59: targets[0].policies[1]: \"flux:app\" is listed twice"}},
        {"paths",
         kBase + "targets: [ { name: t, repository: fleet, policies: [ app ], paths: [ /etc, "
                 "a/../b, '' ] } ]\n",
         {"3:70: targets[0].paths[0]: \"/etc\" is absolute; paths start at the root of the "
          "repository",
          "3:76: targets[0].paths[1]: \"a/../b\" leads out of the repository; remove the \"..\"",
          "3:84: targets[0].paths[2]: has no value; give one or remove the key"}},
        {"find",
         kBase + "targets: [ { name: t, repository: fleet, policies: [ app ], find: [ marker, { "
                 "fields: [] } ] } ]\n",
         {"3:69: targets[0].find[0]: \"marker\" is not one of markers and images; did you mean "
          "\"markers\"?",
          "3:87: targets[0].find[1].fields: the list is empty; name at least one"}},
        {"watched fields",
         kBase + "targets:\n- name: t\n  repository: fleet\n  policies: [ app ]\n  fields:\n"
                 "  - { path: a }\n  - { files: x, path: a, pattern: b }\n"
                 "  - { files: x, path: 'a[' }\n  - { files: x, pattern: '(' }\n"
                 "  - { files: x, path: a, role: tags, policy: other }\n"
                 "  - { files: x, pattern: '(?P<tag>x)', role: tag }\n",
         {"8:5: targets[0].fields[0]: missing \"files\"",
          "9:5: targets[0].fields[1]: a field needs either a path or a pattern",
          "10:5: targets[0].fields[2]: field path \"a[\": column 3: the '[' is not closed",
          "11:5: targets[0].fields[3]: pattern \"(\": missing ): (",
          "12:32: targets[0].fields[4].role: \"tags\" is not one of reference, name, tag, digest "
          "and tag_digest; did you mean \"tag\"?",
          "12:46: targets[0].fields[4]: \"other\" is not one of the target's policies",
          "13:46: targets[0].fields[5]: goes with \"path\"; a pattern's groups say it"}},
        {"mirrors",
         kBase + "mirrors:\n- { source: docker, mirror: r.io/a }\n"
                 "- { source: docker.io, mirror: r.io/a }\n- { source: r.io, mirror: R.io }\n",
         {"4:13: mirrors[0].source: \"docker\": write a host, or a host and a path: "
          "registry.example.com/hub",
          "5:32: mirrors[1]: the name \"r.io/a\" is taken by line 4",
          "6:27: mirrors[2]: \"r.io\" is no mirror of itself"}},
        {"pull_request without deliver",
         kBase + "targets: [ { name: t, repository: fleet, policies: [ app ], pull_request: { "
                 "} } ]\n",
         {"3:75: targets[0]: needs \"deliver: pull_request\" beside it"}},
        {"a branch of another name, and nobody to propose to",
         kBase + "targets: [ { name: t, repository: fleet, policies: [ app ], deliver: "
                 "pull_request, pull_request: { branch: \"x/{tag}\" } } ]\n",
         {"3:70: targets[0].deliver: pull requests need \"forge\" in repository \"fleet\": the "
          "platform and its token",
          "3:108: targets[0].pull_request.branch: \"{tag}\" in a branch name; known: {target}, "
          "{group}"}},
    });
}

TEST(ProblemTest, AShortNameOfTwoPoliciesHasToBeFull) {
    EXPECT_THAT(
        problems("repositories: [ { name: r, url: r.git } ]\n"
                 "policies:\n"
                 "  - { name: a, namespace: x, image: nginx, select: { semver: 1.x } }\n"
                 "  - { name: a, namespace: y, image: nginx, select: { semver: 1.x } }\n"
                 "targets: [ { name: t, repository: r, policies: [ a ] } ]\n"),
        ElementsAre("5:50: targets[0].policies[0]: \"a\" may be x:a or y:a; write one of them")
    );
}

TEST(ProblemTest, ABrokenEntryIsStillKnownByItsName) {
    EXPECT_THAT(
        problems("repositories: [ { name: fleet } ]\n"
                 "targets: [ { name: t, repository: fleet, policies: [ app ] } ]\n"
                 "policies: [ { name: app } ]\n"),
        ElementsAre(
            "1:17: repositories[0]: missing \"url\"",
            "3:13: policies[0]: missing \"image\"",
            "3:13: policies[0]: missing \"select\""
        )
    );
}

TEST(ProblemTest, ReferencesHaveToBeReadable) {
    const Environment unset{"LINKSPAN_TEST_UNSET", nullptr};
    const Environment empty{"LINKSPAN_TEST_EMPTY", ""};
    const TempDir dir;
    dir.write("empty", "\n");
    const std::string text =
        "receivers:\n"
        "  - { name: a, type: ci, secret: { env: LINKSPAN_TEST_UNSET } }\n"
        "  - { name: b, type: ci, secret: { env: LINKSPAN_TEST_EMPTY } }\n"
        "  - { name: c, type: ci, secret: { file: none } }\n"
        "  - { name: d, type: ci, secret: { file: empty } }\n"
        "  - { name: e, type: ci, secret: { file: . } }\n"
        "registries: [ { host: a.example.com, ca_file: none } ]\n";
    EXPECT_THAT(
        test::lines(load_text(text, dir.path("linkspan.yaml")).diagnostics),
        ElementsAre(
            "2:34: receivers[0].secret: environment variable \"LINKSPAN_TEST_UNSET\" is not set",
            "3:34: receivers[1].secret: environment variable \"LINKSPAN_TEST_EMPTY\" is empty; put "
            "the "
            "secret in it",
            "4:34: receivers[2].secret: secret file \"" + dir.path("none") + "\": does not exist",
            "5:34: receivers[3].secret: secret file \"" + dir.path("empty") +
                "\" is empty; put the secret in it",
            ::testing::AllOf(::testing::StartsWith("6:34: "), HasSubstr("is a directory")),
            "7:47: registries[0].ca_file: file \"" + dir.path("none") + "\": does not exist"
        )
    );
    EXPECT_TRUE(load_text(text, dir.path("linkspan.yaml"), {.check_references = false}).config);
}

TEST(ProblemTest, SyntaxErrorsAndBadTextStopTheReading) {
    EXPECT_THAT(problems(""), ElementsAre("1:1: the file is empty"));
    EXPECT_THAT(problems("server: {\n"), ElementsAre(HasSubstr("YAML syntax: ")));
    EXPECT_THAT(problems("server: \xFF\n"), ElementsAre(HasSubstr("1:9: byte 0xff is not UTF-8")));
}

TEST(ProblemTest, AFileOfNonsenseIsNotAnsweredWithAMegabyte) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
    EXPECT_LE(problems(text).size(), 501U);
}

}  // namespace
}  // namespace linkspan::config
