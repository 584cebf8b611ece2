// notifications: what a good section becomes, and what is wrong with others.
#include "config/config.h"
#include "tests/unit/config/support.h"

#include <gtest/gtest.h>

namespace linkspan::config {
namespace {

using On = Notification::On;
using Type = Notification::Type;

Loaded load(const std::string& text) {
    const std::string base = R"(repositories: [ { name: fleet, url: fleet.git } ]
policies: [ { name: app, image: nginx, select: { semver: "*" } } ]
)";
    return load_text(base + text, "/c/linkspan.yaml", {.check_references = false});
}

TEST(NotificationsTest, EveryKey) {
    const Loaded loaded = load(R"(
notifications:
  - name: portal
    type: webhook
    url: https://portal.example.com/hooks/x?y=1
    secret: { env: PORTAL_SECRET }
    token: { file: token }
    headers: { X-Team: platform, X-Key: { env: PORTAL_KEY } }
    on: [applied, refused]
    proxy: http://proxy.example.com:3128
    timeout: 500ms
    give_up_after: 2d
  - { name: chat, type: slack, url: { env: SLACK_URL } }
  - { name: flux, type: flux_receiver, url: http://flux.example.com/hook/a }
  - { name: argo, type: argocd, url: https://argo.example.com/api/webhook }
  - { name: bus, type: cloudevents, url: https://bus.example.com }
targets:
  - { name: all, repository: fleet, policies: [ app ] }
  - { name: some, repository: fleet, policies: [ app ], notify: [ flux ] }
  - { name: none, repository: fleet, policies: [ app ], notify: [] }
)");
    EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{});
    ASSERT_TRUE(loaded.config);
    const Config& config = *loaded.config;
    const Notification* const portal = config.notification("portal");
    ASSERT_NE(portal, nullptr);
    EXPECT_EQ(portal->type, Type::Webhook);
    EXPECT_EQ(portal->url, "https://portal.example.com/hooks/x?y=1");
    EXPECT_EQ(portal->secret->name, "PORTAL_SECRET");
    EXPECT_EQ(portal->token->name, "/c/token");
    ASSERT_EQ(portal->headers.size(), 2U);
    EXPECT_EQ(portal->headers[0].name + "=" + portal->headers[0].value, "X-Team=platform");
    EXPECT_EQ(portal->headers[1].secret->name, "PORTAL_KEY");
    EXPECT_EQ(portal->tells(), (std::vector{On::Applied, On::Refused}));
    EXPECT_EQ(portal->proxy, "http://proxy.example.com:3128");
    EXPECT_EQ(portal->timeout, std::chrono::milliseconds{500});
    EXPECT_EQ(portal->give_up_after, std::chrono::hours{48});
    EXPECT_EQ(config.notification("chat")->url_secret->name, "SLACK_URL");
    EXPECT_EQ(config.notification("flux")->tells(), (std::vector{On::Committed, On::Merged}));
    EXPECT_EQ(config.notification("argo")->type, Type::ArgoCd);
    EXPECT_EQ(config.notification("bus")->tells().size(), 7U);
    EXPECT_FALSE(config.target("all")->notify);
    EXPECT_EQ(config.target("some")->notify, std::vector<std::string>{"flux"});
    EXPECT_EQ(config.target("none")->notify, std::vector<std::string>{});
}

TEST(NotificationsTest, Problems) {
    const struct {
        const char* name;
        const char* text;
        const char* expected;
    } cases[] = {
        {"no url",
         "notifications: [ { name: a, type: webhook } ]",
         "3:18: notifications[0]: missing \"url\""},
        {"no URL at all",
         "notifications: [ { name: a, type: webhook, url: test-secret } ]",
         "3:49: notifications[0].url: no URL; write https://host/path or http://host/path"},
        {"credentials",
         "notifications: [ { name: a, type: webhook, url: 'https://u:p@h/x' } ]",
         "3:49: notifications[0].url: credentials do not belong in a URL; remove what stands "
         "before the @"},
        {"a forge's",
         "notifications: [ { name: a, type: commit_status, url: https://h/x } ]",
         "3:18: notifications[0]: commit statuses need \"token\": of the platform at \"url\""},
        {"Slack signs nothing",
         "notifications: [ { name: a, type: slack, url: https://h/x, secret: { env: A } } ]",
         "3:68: notifications[0].secret: Slack's webhooks are not signed: their URL is the secret; "
         "remove it"},
        {"twice",
         "notifications: [ { name: a, type: slack, url: https://h/x },\n"
         "                 { name: a, type: slack, url: https://h/x } ]",
         "4:26: notifications[1]: the name \"a\" is taken by line 3"},
        {"a target's",
         "targets: [ { name: t, repository: fleet, policies: [ app ], notify: [ chta ] } ]\n"
         "notifications: [ { name: chat, type: slack, url: https://h/x } ]",
         "3:71: targets[0].notify[0]: unknown notification \"chta\"; did you mean \"chat\"?"},
        {"a header in parts",
         "notifications: [ { name: a, type: slack, url: https://h/x, headers: { 'X Y': a } } ]",
         ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const Loaded loaded = load(c.text);
        ASSERT_EQ(loaded.diagnostics.size(), 1U) << test::lines(loaded.diagnostics).size();
        if (*c.expected != '\0') {
            EXPECT_EQ(test::lines(loaded.diagnostics), std::vector<std::string>{c.expected});
        }
    }
}

}  // namespace
}  // namespace linkspan::config
