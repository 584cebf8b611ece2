// The poller's decisions without a list: of policies that never had one, and of tags that soak.
#include "service/pipeline/pipeline.h"
#include "service/pipeline/poller.h"
#include "service/pipeline/store_access.h"
#include "service/store/policy_states.h"
#include "service/transport/backoff.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

}  // namespace

void Poller::decide_new() {
    std::map<std::string, std::vector<image::ImageName>> hosts;
    std::set<image::ImageName> seen;
    for (const auto& policy : config_->policies) {
        if (seen.insert(policy.image).second) hosts[policy.image.host()].push_back(policy.image);
    }
    for (auto& [host, images] : hosts) {
        pipeline_.spawn(decide_new_guarded(config_, std::move(images)));
    }
}

asio::awaitable<void> Poller::decide_new_guarded(
    ConfigPtr config, std::vector<image::ImageName> images
) {
    const transport::Backoff backoff{
        .initial = config->retry.initial, .longest = config->retry.longest};
    for (unsigned round = 1; !images.empty(); ++round) {
        std::vector<image::ImageName> again;
        std::optional<std::chrono::seconds> retry_after;
        for (const auto& image : images) {
            // Another configuration has its own look.
            if (pipeline_.stopping() || config != config_) co_return;
            auto done = co_await decide_new_of(config, image);
            if (!done.has_error()) continue;
            if (pipeline_.stopping()) co_return;
            spdlog::warn("new policies of {}: {}", image.str(), done.error().message);
            if (!is_transient(done.error().kind)) continue;
            again.push_back(image);
            retry_after = std::max(retry_after, done.error().retry_after);
        }
        images = std::move(again);
        if (images.empty()) co_return;
        std::uniform_real_distribution<double> random{0, 1};
        const auto wait = backoff.pause(round, random(random_), retry_after);
        if (!co_await pipeline_.pause(wait)) co_return;
    }
}

asio::awaitable<Status> Poller::decide_new_of(ConfigPtr config, image::ImageName image) {
    using Work = std::vector<store::NewWork>;
    // Without any decision that is kept. An image that was never listed waits for its first list or
    // its first event, which decide for every policy.
    const auto undecided = [image](store::Store& store, const Work& all) -> Result<Work> {
        Work out;
        LINKSPAN_TRY(listed, store.known_tags().listing_state(image));
        if (!listed) return out;
        for (const auto& one : all) {
            LINKSPAN_TRY(has, store.policy_states().has_work(one.target, one.policy, image));
            if (!has) out.push_back(one);
        }
        return out;
    };
    auto policies = watching(*config, image);
    std::vector<std::string> names;
    for (const auto& policy : policies) names.push_back(policy.full_name());
    std::function<Result<Work>(store::Store&)> look =
        [undecided, all = work_of(*config, image, names)](store::Store& store) {
            return undecided(store, all);
        };
    auto wanted = co_await in_store<Work>(writer_, std::move(look));
    if (wanted.has_error()) co_return wanted.error();
    std::erase_if(policies, [&](const policy::Policy& policy) {
        const auto name = policy.full_name();
        return std::none_of(wanted->begin(), wanted->end(), [&](const store::NewWork& work) {
            return work.policy == name;
        });
    });
    if (policies.empty()) co_return Status{};
    auto page = co_await book_.open(image, false);
    if (page.has_error()) co_return page.error();
    auto tags = std::make_shared<std::vector<std::string>>();
    for (const auto& known : page->table->tags) tags->push_back(known.tag);
    auto finds = co_await find_first(image, std::move(policies), std::move(tags));
    if (finds.has_error()) co_return finds.error();
    auto found = std::make_shared<const Finds>(std::move(*finds));
    auto deliveries = std::make_shared<std::vector<store::NewDelivery>>();
    auto work = std::make_shared<std::vector<store::WorkItem>>();
    std::function<Status(store::Store&)> write =
        [=, wanted = std::move(*wanted)](store::Store& store) -> Status {
        // An event may have come meanwhile.
        LINKSPAN_TRY(open, undecided(store, wanted));
        for (const auto& find : found->events) {
            Work mine;
            for (const auto& one : open) {
                const auto& all = find.policies;
                if (std::find(all.begin(), all.end(), one.policy) != all.end()) mine.push_back(one);
            }
            if (mine.empty()) continue;
            const auto delivery =
                delivery_of(*config, image, find.tag, find.digest, std::move(mine), Clock::now());
            auto status = record_event(store, delivery, found->passed_over, *work);
            if (status.has_error()) return status;
            deliveries->push_back(delivery);
        }
        return {};
    };
    auto written = co_await in_store_status(writer_, std::move(write));
    if (written.has_error()) co_return written.error();
    for (const auto& delivery : *deliveries) log_event(delivery, "a new policy");
    if (!work->empty()) pipeline_.start(std::move(*work));
    co_return Status{};
}

asio::awaitable<void> Poller::await_soaks(image::ImageName image, std::vector<Soaking> soaking) {
    auto work = std::make_shared<std::vector<store::WorkItem>>();
    auto deliveries = std::make_shared<std::vector<store::NewDelivery>>();
    std::function<Status(store::Store&)> write =
        [=, config = config_, soaking = std::move(soaking)](store::Store& store) -> Status {
        std::map<std::string, std::vector<const Soaking*>> by_tag;
        for (const auto& one : soaking) {
            LINKSPAN_TRY(
                awaited,
                store.policy_states().awaits(one.work.target, one.work.policy, image, one.tag)
            );
            if (!awaited) by_tag[one.tag.str()].push_back(&one);
        }
        for (const auto& [tag, all] : by_tag) {
            std::vector<store::NewWork> mine;
            for (const auto* one : all) mine.push_back(one->work);
            const auto delivery = delivery_of(
                *config, image, all.front()->tag, std::nullopt, std::move(mine), Clock::now()
            );
            auto status = record_event(store, delivery, {}, *work);
            if (status.has_error()) return status;
            deliveries->push_back(delivery);
        }
        return {};
    };
    auto written = co_await in_store_status(writer_, std::move(write));
    if (written.has_error()) {
        // The next event finds it soaking, or soaked.
        spdlog::error("a soak of {} is not waited for: {}", image.str(), written.error().message);
        co_return;
    }
    for (const auto& delivery : *deliveries) log_event(delivery, "a soak that began");
    if (!work->empty()) pipeline_.start(std::move(*work));
}

}  // namespace linkspan::pipeline
