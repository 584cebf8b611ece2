#include "service/notify/message.h"

#include "service/notify/commit_status.h"
#include "tests/unit/notify/samples.h"

namespace linkspan::notify {
namespace {

using test::sample;

TEST(MessageTest, TheOutboxGivesBackWhatItWasGiven) {
    Message message = sample();
    message.deployment = Deployment{"flux", "Kustomization/a/b", test::kCommit, "done"};
    const std::string json = to_json(message);
    const auto back = from_json(json);
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(to_json(*back), json);
    EXPECT_EQ(back->at, message.at);
    EXPECT_EQ(back->items.at(0).changes.at(0).line, 14U);
    EXPECT_EQ(back->deployment->object, "Kustomization/a/b");
}

TEST(MessageTest, WhatIsNoMessageIsSaidSo) {
    for (const char* text : {"", "[]", "{}", "{\"at\":1}", "{\"at\":\"x\",\"items\":[]}"}) {
        const auto read = from_json(text);
        ASSERT_TRUE(read.has_error()) << text;
        EXPECT_EQ(read.error().kind, Errc::Corrupt);
    }
    EXPECT_TRUE(from_json(R"({"at":1,"items":[]})").has_value());
}

TEST(MessageTest, BrokenTextDoesNotThrow) {
    Message message = sample();
    message.items[0].reason = "\xff broken";
    EXPECT_TRUE(from_json(to_json(message)).has_value());
    for (const Type type : {Type::Slack, Type::CloudEvents, Type::Webhook, Type::ArgoCd}) {
        EXPECT_TRUE(make_request(test::sink(type), message, test::kAt).has_value());
    }
}

TEST(MessageTest, Summary) {
    Message message = sample();
    EXPECT_EQ(summary(message), "committed: registry.example.com/acme/app 1.4.1 → 1.4.2 in prod");
    message.items_total = 3;
    message.kind = "pull_request";
    EXPECT_EQ(
        summary(message),
        "pull request: registry.example.com/acme/app 1.4.1 → 1.4.2 in prod, and 2 more"
    );
    message.items[0].changes.clear();
    message.items_total = 1;
    message.kind = "refused";
    EXPECT_EQ(summary(message), "refused: registry.example.com/acme/app:1.4.2 in prod");
}

TEST(MessageTest, WebUrls) {
    const struct {
        const char* url;
        const char* expected;
    } cases[] = {
        {"https://git.example.com/acme/fleet.git", "https://git.example.com/acme/fleet"},
        {"https://git.example.com:8443/acme/fleet/", "https://git.example.com:8443/acme/fleet"},
        {"http://git.example.com/acme/fleet", "http://git.example.com/acme/fleet"},
        {"https://user:test-password@git.example.com/a/b.git", "https://git.example.com/a/b"},
        {"ssh://git@git.example.com:2222/acme/fleet.git", "https://git.example.com/acme/fleet"},
        {"git@git.example.com:acme/fleet.git", "https://git.example.com/acme/fleet"},
        {"file:///srv/fleet.git", ""},
        {"/srv/fleet.git", ""},
        {"https://git.example.com", ""},
        {"", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.url);
        EXPECT_EQ(web_url(c.url), c.expected);
    }
    EXPECT_EQ(without_credentials("https://u:p@h/x@y"), "https://h/x@y");
    EXPECT_EQ(without_credentials("https://h/x@y"), "https://h/x@y");
}

TEST(MessageTest, CommitStatuses) {
    using State = CommitStatus::State;
    const struct {
        const char* kind;
        State state;
    } cases[] = {
        {"committed", State::Pending},
        {"pull_request", State::Pending},
        {"merged", State::Success},
        {"already_current", State::Success},
        {"applied", State::Success},
        {"refused", State::Failure},
        {"apply_failed", State::Failure},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.kind);
        Message message = sample();
        message.kind = c.kind;
        const auto status = commit_status_of(message);
        ASSERT_TRUE(status);
        EXPECT_EQ(status->state, c.state);
        EXPECT_EQ(status->context, "linkspan/prod");
        EXPECT_EQ(status->revision, test::kParent);
    }
    Message message = sample();
    message.items[0].one_of_several = true;
    EXPECT_EQ(commit_status_of(message)->context, "linkspan/prod/flux-system:app");
    const auto again = from_json(to_json(message));
    ASSERT_FALSE(again.has_error());
    EXPECT_TRUE(again->items[0].one_of_several);
    message.kind = "refused";
    message.items[0].reason = std::string(139, 'a') + "é\nb";
    EXPECT_EQ(commit_status_of(message)->description, std::string(139, 'a'));
    message.items[0].revision = "main";
    EXPECT_FALSE(commit_status_of(message)) << "a name is no commit";
}

}  // namespace
}  // namespace linkspan::notify
