#include "service/pipeline/notification_sink.h"

#include "service/notify/message.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace linkspan::pipeline {
namespace {

using namespace std::chrono_literals;
using Type = config::Notification::Type;

const store::TimePoint kNow{std::chrono::seconds{1'767'323'045}};

config::Notification settings(Type type) {
    config::Notification notification;
    notification.name = "sink";
    notification.type = type;
    notification.url = "https://git.example.com";
    return notification;
}

store::OutboxMessage about(
    const std::string& id, const std::string& target, std::chrono::seconds due, char revision = 'a'
) {
    notify::Message message;
    message.id = id;
    message.kind = "committed";
    message.at = kNow;
    message.items.push_back(
        {.target = target,
         .policy = "app",
         .image = "registry.example.com/acme/app",
         .tag = "1.1.0",
         .digest = {},
         .delivery = "d",
         .status_url = {},
         .reason = {},
         .revision = std::string(40, revision),
         .source = "https://git.example.com/acme/app",
         .build_url = {},
         .actor = {},
         .changes = {}}
    );
    message.items_total = 1;
    return {
        .id = id,
        .sink = "sink",
        .kind = message.kind,
        .content = notify::to_json(message),
        .created_at = kNow,
        .due_at = kNow + due,
    };
}

std::string next_of(
    const NotificationSink& sink, const std::vector<store::OutboxMessage>& pending
) {
    const auto* const message = sink.next(pending);
    return message == nullptr ? "" : message->id;
}

TEST(NotificationSinkTest, StatusesOfOneCommitAndContextGoOutByAge) {
    NotificationSink sink{settings(Type::CommitStatus)};
    ASSERT_TRUE(sink.keeps_order());
    // The first is tried again in a while: what is newer about the same waits for it.
    const std::vector pending{
        about("pending", "prod", 60s),
        about("success", "prod", 0s),
        about("elsewhere", "staging", 1s),
        about("other commit", "prod", 2s, 'b'),
    };
    EXPECT_EQ(next_of(sink, pending), "elsewhere");
    sink.in_flight.insert("elsewhere");
    EXPECT_EQ(next_of(sink, pending), "other commit");
    sink.in_flight.insert("other commit");
    EXPECT_EQ(next_of(sink, pending), "pending");
    sink.in_flight.insert("pending");
    EXPECT_EQ(next_of(sink, pending), "");
    EXPECT_GT(sink.window(), pending.size());
}

TEST(NotificationSinkTest, ChatsAndControllersGetTheOldestFirst) {
    for (const auto type : {Type::Slack, Type::FluxReceiver, Type::ArgoCd}) {
        NotificationSink sink{settings(type)};
        ASSERT_TRUE(sink.keeps_order());
        EXPECT_EQ(next_of(sink, {about("old", "prod", 60s), about("new", "staging", 0s)}), "old");
    }
}

TEST(NotificationSinkTest, OthersGetWhatIsDueFirst) {
    for (const auto type : {Type::Webhook, Type::CloudEvents}) {
        NotificationSink sink{settings(type)};
        ASSERT_FALSE(sink.keeps_order());
        EXPECT_EQ(next_of(sink, {about("old", "prod", 60s), about("new", "prod", 0s)}), "new");
    }
}

TEST(NotificationSinkTest, AMissingSecretIsTriedAgainForEveryType) {
    for (const auto type : {Type::CommitStatus, Type::Webhook, Type::Slack}) {
        auto with_token = settings(type);
        with_token.forge = config::Forge::Type::Gitea;
        with_token.token =
            config::SecretRef{.kind = config::SecretRef::Kind::File, .name = "/nonexistent/token"};
        NotificationSink sink{with_token};
        const auto verdict = sink.attempt(about("m", "prod", 0s).content);
        EXPECT_TRUE(std::holds_alternative<notify::TryAgain>(verdict));
    }
}

}  // namespace
}  // namespace linkspan::pipeline
