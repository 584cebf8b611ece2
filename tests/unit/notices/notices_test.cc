#include "service/pipeline/notices.h"

#include "service/notify/message.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace linkspan::pipeline {
namespace {

using Type = config::Notification::Type;
using On = config::Notification::On;

const store::TimePoint kNow{std::chrono::seconds{1'767'323'045}};
const std::string kCommit(40, 'c');
const std::string kBase(40, 'b');

config::Config config_with(std::vector<std::pair<std::string, Type>> sinks) {
    config::Config config;
    config.server.public_url = "https://linkspan.example.com";
    config::Repository repository;
    repository.name = "fleet";
    repository.url = "https://user:test-password@git.example.com/acme/fleet.git";
    config.repositories.push_back(repository);
    for (const char* const name : {"prod", "staging"}) {
        config::Target target;
        target.name = name;
        target.repository = "fleet";
        config.targets.push_back(target);
    }
    for (auto& [name, type] : sinks) {
        config::Notification notification;
        notification.name = name;
        notification.type = type;
        config.notifications.push_back(notification);
    }
    return config;
}

// Work and outcomes, whose addresses stay.
class Settled {
public:
    Settled& add(
        const std::string& target, const std::string& kind, const std::string& tag = "1.1.0"
    ) {
        const auto n = static_cast<std::int64_t>(items_.size()) + 1;
        store::WorkItem item;
        item.id = n;
        item.delivery = "01HF7YAT00AAAAAAAAAAAAAAAA";
        item.event.image = *image::ImageName::parse("registry.example.com/acme/app");
        item.event.tag = *image::Tag::parse(tag);
        item.target = target;
        item.policy = "flux-system:app";
        store::Outcome outcome;
        outcome.kind = kind;
        outcome.reason = "because";
        if (kind == "committed") {
            outcome.commit = kCommit;
            outcome.detail_json =
                R"({"plan":{"base":")" + kBase + R"(","changes":[{"path":"clusters/)" + target +
                R"(/app.yaml","line":7,"image":"registry.example.com/acme/app","old_tag":"1.0.0",)" +
                R"("new_tag":")" + tag + R"("}]}})";
        }
        items_.push_back(std::move(item));
        outcomes_.push_back(std::move(outcome));
        return *this;
    }
    [[nodiscard]] store::Outcome& last() { return outcomes_.back(); }
    [[nodiscard]] Notices notices(const config::Config& config) const {
        std::vector<SettledWork> work;
        for (std::size_t i = 0; i < items_.size(); ++i) work.push_back({&items_[i], &outcomes_[i]});
        return notices_of_outcomes(config, work, kNow);
    }

private:
    std::vector<store::WorkItem> items_;
    std::vector<store::Outcome> outcomes_;
};

std::map<std::string, int> counts(const Notices& notices) {
    std::map<std::string, int> out;
    for (const auto& message : notices.messages) ++out[message.sink];
    return out;
}

notify::Message content(const store::OutboxMessage& message) {
    auto read = notify::from_json(message.content);
    if (read.has_error()) throw std::runtime_error{read.error().message};
    EXPECT_EQ(read->id, message.id);
    return std::move(*read);
}

TEST(NoticesTest, ACommitIsToldOncePerCommitTargetOrPieceOfWork) {
    const auto config = config_with(
        {{"flux", Type::FluxReceiver},
         {"argo", Type::ArgoCd},
         {"chat", Type::Slack},
         {"bus", Type::CloudEvents},
         {"portal", Type::Webhook}}
    );
    Settled settled;
    for (int i = 0; i < 50; ++i) settled.add("prod", "committed");
    settled.add("staging", "committed");
    const Notices notices = settled.notices(config);
    EXPECT_EQ(
        counts(notices),
        (std::map<std::string, int>{
            {"flux", 1}, {"argo", 1}, {"chat", 2}, {"bus", 51}, {"portal", 51}})
    );
    ASSERT_EQ(notices.commits.size(), 1U);
    EXPECT_EQ(notices.commits[0].repository, "fleet");
    EXPECT_EQ(notices.commits[0].branch, "main");
    EXPECT_EQ(notices.commits[0].id, kCommit);
    std::set<std::string> ids;
    for (const auto& message : notices.messages) {
        EXPECT_TRUE(ids.insert(message.id).second) << "two messages share an id";
        const auto told = content(message);
        EXPECT_EQ(told.repository_url, "https://git.example.com/acme/fleet.git");
        EXPECT_LE(told.items.size(), notify::kMostItems);
        if (message.sink == "chat" && told.items.at(0).target == "prod") {
            EXPECT_EQ(told.items_total, 50U);
        }
        if (message.sink != "argo") continue;
        EXPECT_EQ(told.before, kBase);
        EXPECT_EQ(
            told.paths,
            (std::vector<std::string>{"clusters/prod/app.yaml", "clusters/staging/app.yaml"})
        );
    }
}

TEST(NoticesTest, IdsFollowFromWhatIsTold) {
    const auto config = config_with({{"flux", Type::FluxReceiver}, {"portal", Type::Webhook}});
    const auto ids = [&](const Notices& notices) {
        std::vector<std::string> out;
        for (const auto& message : notices.messages) out.push_back(message.id);
        return out;
    };
    Settled settled;
    settled.add("prod", "committed");
    EXPECT_EQ(ids(settled.notices(config)), ids(settled.notices(config)));
    // More work of the same commit, settled later: the branch moved once.
    Settled more;
    more.add("staging", "committed").add("prod", "committed");
    const auto first = ids(settled.notices(config));
    const auto second = ids(more.notices(config));
    ASSERT_EQ(first.size(), 2U);
    ASSERT_EQ(second.size(), 3U);
    EXPECT_EQ(first[0], second[0]) << "the same poke";
    EXPECT_EQ(std::count(second.begin(), second.end(), first[1]), 0);
}

TEST(NoticesTest, FilesCountOnlyWhenAllAreKnown) {
    const auto config = config_with({{"argo", Type::ArgoCd}});
    Settled settled;
    settled.add("prod", "committed").add("staging", "committed");
    settled.last().detail_json = "{}";  // found in the branch after a crash
    const auto notices = settled.notices(config);
    ASSERT_EQ(notices.messages.size(), 1U);
    EXPECT_TRUE(content(notices.messages[0]).paths.empty());
    EXPECT_TRUE(content(notices.messages[0]).before.empty());
}

TEST(NoticesTest, OnlyWhatIsWantedOfTargetsThatTell) {
    auto config = config_with({{"portal", Type::Webhook}, {"chat", Type::Slack}});
    config.notifications[0].on = {On::Refused};
    config.targets[1].notify = std::vector<std::string>{"chat"};  // staging
    Settled settled;
    settled.add("prod", "committed").add("prod", "refused").add("staging", "refused");
    settled.add("staging", "already_current").add("elsewhere", "refused").add("prod", "unheard-of");
    EXPECT_EQ(
        counts(settled.notices(config)), (std::map<std::string, int>{{"portal", 1}, {"chat", 3}})
    );
    config.targets[0].notify = std::vector<std::string>{};
    config.targets[1].notify = std::vector<std::string>{};
    EXPECT_TRUE(settled.notices(config).messages.empty());
}

TEST(NoticesTest, WithoutACommitControllersHaveNothingToLookAt) {
    auto config = config_with({{"flux", Type::FluxReceiver}});
    config.notifications[0].on = {On::Refused, On::Committed};
    Settled settled;
    settled.add("prod", "refused");
    EXPECT_TRUE(settled.notices(config).messages.empty());
    EXPECT_TRUE(settled.notices(config).commits.empty());
}

TEST(NoticesTest, ATargetOfSeveralPoliciesIsSaidToBeOne) {
    auto config = config_with({{"sources", Type::CommitStatus}});
    for (const std::size_t policies : {std::size_t{1}, std::size_t{2}}) {
        config.targets[0].policies.assign(policies, "flux-system:app");
        Settled settled;
        settled.add("prod", "committed");
        const auto notices = settled.notices(config);
        ASSERT_EQ(notices.messages.size(), 1U);
        EXPECT_EQ(content(notices.messages[0]).items[0].one_of_several, policies > 1);
    }
}

TEST(NoticesTest, DetailOfAnyShapeIsSurvived) {
    const auto config = config_with({{"portal", Type::Webhook}});
    for (const char* const detail :
         {"",
          "[]",
          "{\"plan\":1}",
          "{\"plan\":{\"base\":1,\"changes\":{}}}",
          "{\"plan\":{\"changes\":[1,null,{\"line\":-1}]}}",
          "{\"pull_request\":[]}"}) {
        Settled settled;
        settled.add("prod", "committed");
        settled.last().detail_json = detail;
        EXPECT_EQ(settled.notices(config).messages.size(), 1U) << detail;
    }
}

TEST(NoticesTest, AReportIsToldOfTheWorkThatItReached) {
    auto config = config_with({{"portal", Type::Webhook}, {"chat", Type::Slack}});
    config.notifications[0].on = {On::Applied, On::ApplyFailed};
    store::DeploymentReport report{
        .controller = "flux",
        .object = "Kustomization/flux-system/apps",
        .state = "applied",
        .revision = kCommit,
        .branch = "main",
        .message = "done",
        .at = kNow,
    };
    store::Reached reached{
        .work = 7,
        .delivery = "01HF7YAT00AAAAAAAAAAAAAAAA",
        .event_index = 0,
        .event =
            {
                .image = *image::ImageName::parse("registry.example.com/acme/app"),
                .tag = *image::Tag::parse("1.1.0"),
                .digest = std::nullopt,
                .media_type = std::nullopt,
                .pushed_at = std::nullopt,
                .revision = std::nullopt,
                .source = std::nullopt,
                .build_url = std::nullopt,
                .actor = std::nullopt,
            },
        .target = "prod",
        .policy = "flux-system:app",
        .repository = "fleet",
        .branch = "main",
        .commit = kCommit,
        .detail_json = "{}",
    };
    const std::vector<store::Reached> news{reached};
    auto notices = notices_of_report(config, report, news, kNow);
    ASSERT_EQ(notices.messages.size(), 1U) << "Slack is told of failures only, by itself";
    EXPECT_EQ(notices.messages[0].kind, "applied");
    EXPECT_EQ(content(notices.messages[0]).deployment->object, report.object);
    report.state = "failed";
    notices = notices_of_report(config, report, news, kNow);
    EXPECT_EQ(notices.messages.size(), 2U);
    EXPECT_EQ(notices.messages[0].kind, "apply_failed");
    EXPECT_TRUE(notices_of_report(config, report, {}, kNow).messages.empty());
}

}  // namespace
}  // namespace linkspan::pipeline
