#include "service/pipeline/notices.h"

#include "service/notify/message.h"
#include "service/notify/request.h"
#include "service/pipeline/notification_type.h"
#include "webhooks/hash.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::json;
using On = config::Notification::On;

std::optional<On> occasion(std::string_view kind) {
    static const std::map<std::string_view, On> known{
        {"committed", On::Committed},
        {"pull_request", On::PullRequest},
        {"merged", On::Merged},
        {"already_current", On::AlreadyCurrent},
        {"refused", On::Refused},
        {"failed", On::Failed},
        {"held", On::Held},
        {"applied", On::Applied},
        {"apply_failed", On::ApplyFailed},
    };
    const auto found = known.find(kind);
    return found == known.end() ? std::nullopt : std::optional{found->second};
}

std::string text(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// One piece of work, with what its detail says.
struct Fact {
    std::int64_t work = 0;
    std::string kind;
    std::string commit;
    notify::Item item;
    std::string base;  // of the plan
    std::string pull_request_url;
};

void read_detail(const std::string& detail_json, Fact& fact) {
    const Json detail = Json::parse(detail_json, nullptr, false);
    if (!detail.is_object()) return;
    if (const auto pull = detail.find("pull_request"); pull != detail.end() && pull->is_object()) {
        fact.pull_request_url = text(*pull, "url");
    }
    const auto plan = detail.find("plan");
    if (plan == detail.end() || !plan->is_object()) return;
    fact.base = text(*plan, "base");
    const auto changes = plan->find("changes");
    if (changes == plan->end() || !changes->is_array()) return;
    for (const Json& change : *changes) {
        if (!change.is_object()) continue;
        const auto line = change.find("line");
        const bool numbered = line != change.end() && line->is_number_unsigned();
        fact.item.changes.push_back({
            .path = text(change, "path"),
            .line = numbered ? line->get<std::size_t>() : 0,
            .image = text(change, "image"),
            .old_tag = text(change, "old_tag"),
            .new_tag = text(change, "new_tag"),
        });
    }
}

notify::Item item_of(
    const config::Config& config,
    const image::ImageEvent& event,
    const std::string& delivery,
    const std::string& target,
    const std::string& policy
) {
    const auto* const configured = config.target(target);
    notify::Item item{
        .target = target,
        .policy = policy,
        .one_of_several = configured != nullptr && configured->policies.size() > 1,
        .image = event.image.str(),
        .tag = event.tag.str(),
        .digest = event.digest.value_or(""),
        .delivery = delivery,
        .status_url = "",
        .reason = "",
        .revision = event.revision.value_or(""),
        .source = event.source.value_or(""),
        .build_url = event.build_url.value_or(""),
        .actor = event.actor.value_or(""),
        .changes = {},
    };
    if (!config.server.public_url.empty()) {
        item.status_url = config.server.public_url + "/v1/deliveries/" + delivery;
    }
    return item;
}

std::string message_id(const std::vector<std::string>& parts) {
    return "msg_" + webhooks::to_hex(webhooks::sha256(fmt::format("{}", fmt::join(parts, "\n"))))
                        .substr(0, 32);
}

bool is_told(const config::Target& target, const config::Notification& notification) {
    if (!target.notify) return true;
    return std::find(target.notify->begin(), target.notify->end(), notification.name) !=
           target.notify->end();
}

// Gathers facts into messages, a group at a time.
class Composer {
public:
    Composer(const config::Config& config, store::TimePoint now) : config_{config}, now_{now} {}

    void deployment(notify::Deployment deployment) { deployment_ = std::move(deployment); }

    // Whether anybody is told of it: only then its detail is worth reading.
    [[nodiscard]] bool is_wanted(const Fact& fact) const {
        const auto on = occasion(fact.kind);
        const auto* const target = config_.target(fact.item.target);
        if (!on || target == nullptr) return false;
        return std::any_of(
            config_.notifications.begin(),
            config_.notifications.end(),
            [&](const auto& sink) {
                const auto tells = sink.tells();
                return is_told(*target, sink) &&
                       std::find(tells.begin(), tells.end(), *on) != tells.end();
            }
        );
    }

    void add(const Fact& fact) {
        const auto on = occasion(fact.kind);
        const auto* const target = config_.target(fact.item.target);
        if (!on || target == nullptr) return;
        for (const auto& sink : config_.notifications) {
            const auto tells = sink.tells();
            if (!is_told(*target, sink) ||
                std::find(tells.begin(), tells.end(), *on) == tells.end()) {
                continue;
            }
            const notify::Type type = notification_type(sink.type);
            if (notify::is_poke(type) && fact.commit.empty()) continue;
            join(sink.name, type, *target, fact);
        }
    }

    std::vector<store::OutboxMessage> finish() && {
        std::vector<store::OutboxMessage> out;
        for (auto& key : order_) {
            Group& group = groups_.at(key);
            notify::Message& message = group.message;
            // Only with all of them is a list of files worth anything.
            if (group.files_known) {
                message.paths.assign(group.paths.begin(), group.paths.end());
            } else {
                message.before.clear();
            }
            out.push_back({
                .id = message.id,
                .sink = group.sink,
                .kind = message.kind,
                .content = notify::to_json(message),
                .created_at = now_,
                .due_at = now_,
            });
        }
        return out;
    }

private:
    struct Group {
        std::string sink;
        notify::Message message;
        std::set<std::string> paths;
        bool files_known = true;
    };

    void join(
        const std::string& sink, notify::Type type, const config::Target& target, const Fact& fact
    ) {
        const auto* const repository = config_.repository(target.repository);
        const std::string branch = repository != nullptr ? repository->branch : "";
        std::vector<std::string> key{sink, fact.kind, target.repository, branch, fact.commit};
        if (notify::is_poke(type)) {
            key[1].clear();  // committed and merged: the branch is where it is
        } else {
            if (deployment_) {
                key.push_back(deployment_->controller);
                key.push_back(deployment_->object);
                key.push_back(deployment_->revision);
            }
            key.push_back(fact.item.target);
            if (!notify::gathers(type)) key.push_back(std::to_string(fact.work));
        }
        auto [found, fresh] = groups_.try_emplace(key);
        Group& group = found->second;
        notify::Message& message = group.message;
        if (fresh) {
            order_.push_back(key);
            // Later work may join the same commit: another message then, but for a poke.
            if (!notify::is_poke(type)) {
                key.push_back(fact.item.delivery);
                key.push_back(std::to_string(fact.work));
            }
            group.sink = sink;
            message.id = message_id(key);
            message.kind = fact.kind;
            message.at = now_;
            message.repository = target.repository;
            message.branch = branch;
            message.commit = fact.commit;
            message.before = fact.base;
            message.public_url = config_.server.public_url;
            message.pull_request_url = fact.pull_request_url;
            message.deployment = deployment_;
            if (repository != nullptr) {
                message.repository_url = notify::without_credentials(repository->url);
            }
        }
        if (fact.base.empty() || fact.base != message.before || fact.item.changes.empty()) {
            group.files_known = false;
        }
        for (const auto& change : fact.item.changes) group.paths.insert(change.path);
        ++message.items_total;
        if (message.items.size() < notify::kMostItems) message.items.push_back(fact.item);
    }

    const config::Config& config_;
    store::TimePoint now_;
    std::optional<notify::Deployment> deployment_;
    std::map<std::vector<std::string>, Group> groups_;
    std::vector<std::vector<std::string>> order_;
};

}  // namespace

Status Notices::write(store::Store& store) const {
    for (const auto& commit : commits) {
        if (auto status = store.deployments().pushed(commit); status.has_error()) return status;
    }
    for (const auto& message : messages) {
        auto added = store.outbox().add(message);
        if (added.has_error()) return added.error();
    }
    return {};
}

Notices notices_of_outcomes(
    const config::Config& config, std::span<const SettledWork> settled, store::TimePoint now
) {
    Notices notices;
    std::set<std::pair<std::string, std::string>> commits;
    Composer composer{config, now};
    for (const auto& [item, outcome] : settled) {
        Fact fact{
            .work = item->id,
            .kind = outcome->kind,
            .commit = outcome->commit.value_or(""),
            .item = item_of(config, item->event, item->delivery, item->target, item->policy),
            .base = {},
            .pull_request_url = {},
        };
        fact.item.reason = outcome->reason;
        if (composer.is_wanted(fact)) read_detail(outcome->detail_json, fact);
        const auto* const target = config.target(item->target);
        const auto* const repository =
            target == nullptr ? nullptr : config.repository(target->repository);
        // A pull request's commit is on a branch of its own until it is merged.
        const bool on_branch = fact.kind == "committed" || fact.kind == "merged";
        if (on_branch && repository != nullptr && !fact.commit.empty() &&
            commits.emplace(repository->name, fact.commit).second) {
            notices.commits.push_back({
                .repository = repository->name,
                .branch = repository->branch,
                .id = fact.commit,
                .at = now,
            });
        }
        composer.add(fact);
    }
    notices.messages = std::move(composer).finish();
    return notices;
}

Notices notices_of_report(
    const config::Config& config,
    const store::DeploymentReport& report,
    std::span<const store::Reached> news,
    store::TimePoint now
) {
    Notices notices;
    Composer composer{config, now};
    composer.deployment({
        .controller = report.controller,
        .object = report.object,
        .revision = report.revision,
        .message = report.message,
    });
    for (const auto& one : news) {
        Fact fact{
            .work = one.work,
            .kind = report.state == "applied" ? "applied" : "apply_failed",
            .commit = one.commit,
            .item = item_of(config, one.event, one.delivery, one.target, one.policy),
            .base = {},
            .pull_request_url = {},
        };
        fact.item.reason = report.message;
        read_detail(one.detail_json, fact);
        composer.add(fact);
    }
    notices.messages = std::move(composer).finish();
    return notices;
}

}  // namespace linkspan::pipeline
