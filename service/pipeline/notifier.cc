#include "service/pipeline/notifier.h"

#include "service/notify/verdict.h"
#include "service/pipeline/notification_sink.h"
#include "service/pipeline/store_access.h"
#include "service/runtime/blocking.h"
#include "service/runtime/deadline.h"
#include "service/transport/backoff.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;
using std::chrono::milliseconds;

constexpr milliseconds kStoreTrouble{1000};
constexpr milliseconds kLongSleep{std::chrono::hours{1}};
constexpr std::chrono::minutes kHousekeeping{10};
// So long delivered and dead messages are shown, and repetitions of a poke recognised.
constexpr std::chrono::hours kKeepMessages{24 * 14};
// As long as deliveries are kept.
constexpr std::chrono::hours kKeepCommits{24 * 90};
constexpr std::size_t kChunk = 1000;

}  // namespace

Notifier::Notifier(
    asio::any_io_executor executor,
    std::shared_ptr<const config::Config> config,
    store::Writer& writer,
    Metrics& metrics,
    History history
)
    : executor_{executor},
      config_{std::move(config)},
      writer_{writer},
      metrics_{metrics},
      tasks_{
          executor,
          [](const std::exception_ptr& failure) {
              try {
                  std::rethrow_exception(failure);
              } catch (const std::exception& e) {
                  spdlog::critical("a notification's task ended by an exception: {}", e.what());
              } catch (...) {
                  spdlog::critical("a notification's task ended by an exception");
              }
          }},
      housekeeping_{std::make_shared<asio::steady_timer>(executor)},
      history_{std::move(history)},
      placing_pause_{std::make_shared<asio::steady_timer>(executor)},
      random_{std::random_device{}()} {}

// What runs on a sink's threads comes back to the io_context, which is still there now.
Notifier::~Notifier() {
    for (const auto& [name, sink] : sinks_) {
        sink->client.stop();
        sink->pool.join();
    }
}

void Notifier::start() {
    started_ = true;
    open_sinks();
    tasks_.spawn(bury_homeless());
    tasks_.spawn(expire());
    tasks_.spawn(place_reports());
}

void Notifier::use(std::shared_ptr<const config::Config> config) {
    config_ = std::move(config);
    if (!started_ || stopping_) return;
    open_sinks();
    tasks_.spawn(bury_homeless());
}

void Notifier::open_sinks() {
    for (auto it = sinks_.begin(); it != sinks_.end();) {
        const auto* const now = config_->notification(it->first);
        if (now != nullptr && it->second->serves(*now)) {
            ++it;
            continue;
        }
        it->second->retired = true;
        it->second->wake();
        it = sinks_.erase(it);
    }
    for (const auto& notification : config_->notifications) {
        auto& sink = sinks_[notification.name];
        if (sink) continue;
        sink = std::make_shared<NotificationSink>(notification);
        for (std::size_t i = 0; i < NotificationSink::slots_of(notification); ++i) {
            tasks_.spawn(run(sink));
        }
    }
}

void Notifier::wake() {
    for (const auto& [name, sink] : sinks_) sink->wake();
}

asio::awaitable<void> Notifier::run(SinkPtr sink) {
    while (!stopping_ && !sink->retired) {
        std::string bug;
        try {
            co_await deliver_next(sink);
        } catch (const std::exception& e) {
            bug = e.what();
        }
        if (bug.empty()) continue;
        spdlog::error("notification {}: internal error: {}", sink->settings.name, bug);
        co_await pause(sink, kStoreTrouble);
    }
}

asio::awaitable<void> Notifier::deliver_next(SinkPtr sink) {
    const auto seen = sink->wakes;
    const std::size_t limit = sink->window();
    const auto order = sink->keeps_order() ? store::Outbox::Order::Age : store::Outbox::Order::Due;
    std::function<Result<std::vector<store::OutboxMessage>>(store::Store&)> read =
        [name = sink->settings.name, limit, order](store::Store& store) {
            return store.outbox().pending(name, limit, order);
        };
    auto pending = co_await in_store<std::vector<store::OutboxMessage>>(writer_, std::move(read));
    if (stopping_ || sink->retired) co_return;
    if (pending.has_error()) {
        spdlog::warn("notifications can't be read: {}", pending.error().message);
        co_await pause(sink, kStoreTrouble);
        co_return;
    }
    // Nothing is awaited between looking and taking: two loops never take the same one.
    const auto* const next = sink->next(*pending);
    if (next == nullptr) {
        // Otherwise another loop took what this one saw, and there may be more behind it.
        const bool all = sink->keeps_order() || pending->size() < limit;
        if (sink->wakes == seen && all) co_await pause(sink, kLongSleep);
        co_return;
    }
    const auto wait = std::max(next->due_at, sink->resume_at) - Clock::now();
    if (wait > milliseconds{0}) {
        if (sink->wakes != seen) co_return;
        const auto time = std::chrono::ceil<milliseconds>(wait);
        co_await pause(sink, std::min<milliseconds>(time, kLongSleep));
        co_return;
    }
    co_await deliver(sink, *next);
}

asio::awaitable<void> Notifier::deliver(SinkPtr sink, store::OutboxMessage message) {
    const std::string& name = sink->settings.name;
    sink->in_flight.insert(message.id);
    auto work = [sink, content = message.content] { return sink->attempt(content); };
    const auto verdict = co_await runtime::blocking(sink->pool, std::move(work));
    const auto now = Clock::now();
    std::function<Status(store::Store&)> note;
    if (std::holds_alternative<notify::Delivered>(verdict)) {
        sink->failures = 0;
        metrics_.notification(name, "delivered");
        spdlog::info("notification {}: {} {} delivered", name, message.kind, message.id);
        note = [id = message.id, now](store::Store& store) {
            return store.outbox().delivered(id, now);
        };
    } else if (const auto* again = std::get_if<notify::TryAgain>(&verdict)) {
        if (stopping_) {
            sink->in_flight.erase(message.id);
            co_return;
        }
        ++sink->failures;
        const transport::Backoff backoff{
            .initial = config_->retry.initial, .longest = config_->retry.longest};
        const double chance = std::uniform_real_distribution<double>{0.0, 1.0}(random_);
        const auto tries =
            std::max<unsigned>(static_cast<unsigned>(message.attempts) + 1, sink->failures);
        auto due = now + backoff.pause(tries, chance, again->after);
        sink->resume_at = due;
        const auto end = message.created_at + sink->settings.give_up_after;
        if (now >= end) {
            metrics_.notification(name, "dead");
            spdlog::error("notification {}: {} given up: {}", name, message.id, again->why);
            note = [id = message.id,
                    why = again->why + "; given up after give_up_after",
                    now](store::Store& store) { return store.outbox().give_up(id, why, now); };
        } else {
            // A last try when the time is over, unless it was asked to wait for longer.
            if (!again->after) due = std::min(due, end);
            metrics_.notification(name, "retried");
            spdlog::warn(
                "notification {}: {} {}: {}; again in {} ms",
                name,
                message.kind,
                message.id,
                again->why,
                std::chrono::duration_cast<milliseconds>(due - now).count()
            );
            note = [id = message.id, due, why = again->why](store::Store& store) {
                return store.outbox().postpone(id, due, why);
            };
        }
    } else {
        const auto& why = std::get<notify::Refused>(verdict).why;
        metrics_.notification(name, "dead");
        spdlog::error("notification {}: {} {}: {}", name, message.kind, message.id, why);
        note = [id = message.id, why, now](store::Store& store) {
            return store.outbox().give_up(id, why, now);
        };
    }
    auto noted = co_await in_store_status(writer_, std::move(note));
    if (noted.has_error()) {
        // It is still pending, and will be sent again with the same id.
        spdlog::error("notification {}: not noted: {}", name, noted.error().message);
        co_await pause(sink, kStoreTrouble);
    }
    sink->in_flight.erase(message.id);
    // What waited for this one may go.
    if (sink->keeps_order()) sink->wake();
}

asio::awaitable<void> Notifier::pause(SinkPtr sink, milliseconds time) {
    if (stopping_ || sink->retired) co_return;
    auto timer = std::make_shared<asio::steady_timer>(executor_, time);
    std::erase_if(sink->sleepers, [](const auto& sleeper) { return sleeper.expired(); });
    sink->sleepers.push_back(timer);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> Notifier::bury_homeless() {
    std::set<std::string> known;
    for (const auto& notification : config_->notifications) known.insert(notification.name);
    std::function<Status(store::Store&)> bury = [known](store::Store& store) -> Status {
        LINKSPAN_TRY(waiting, store.outbox().waiting_sinks());
        for (const auto& sink : waiting) {
            if (known.contains(sink)) continue;
            auto buried = store.outbox().give_up_all(
                sink, "the notification is no longer in the configuration", Clock::now()
            );
            if (buried.has_error()) return buried.error();
            spdlog::warn("notification {}: no longer configured, {} not sent", sink, *buried);
        }
        return {};
    };
    auto done = co_await in_store_status(writer_, std::move(bury));
    if (done.has_error()) spdlog::warn("{}", done.error().message);
}

asio::awaitable<void> Notifier::expire() {
    while (!stopping_) {
        const auto timer = housekeeping_;
        timer->expires_after(kHousekeeping);
        co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
        if (stopping_) co_return;
        std::function<Status(store::Store&)> forget = [](store::Store& store) -> Status {
            const auto now = Clock::now();
            auto messages = store.outbox().expire(now - kKeepMessages, kChunk);
            if (messages.has_error()) return messages.error();
            auto commits = store.deployments().expire(now - kKeepCommits, kChunk);
            if (commits.has_error()) return commits.error();
            return {};
        };
        auto done = co_await in_store_status(writer_, std::move(forget));
        if (done.has_error()) spdlog::warn("{}", done.error().message);
    }
}

asio::awaitable<bool> Notifier::stop(milliseconds patience) {
    stopping_ = true;
    release_watchers();
    housekeeping_->cancel();
    placing_pause_->cancel();
    for (const auto& [name, sink] : sinks_) {
        sink->client.stop();
        sink->wake();
    }
    co_return co_await runtime::with_deadline(patience, tasks_.wait());
}

Status Notifier::keep_report(
    const config::Config& config,
    store::Store& store,
    const store::DeploymentReport& report,
    store::TimePoint now
) {
    LINKSPAN_TRY(answer, store.deployments().report(report, now));
    return notices_of_report(config, report, answer.news, now).write(store);
}

void Notifier::reported() {
    news();
    if (placing_) {
        place_again_ = true;
    } else if (started_ && !stopping_) {
        tasks_.spawn(place_reports());
    }
}

void Notifier::news() {
    ++reports_;
    wake();
    for (const auto& watcher : std::exchange(watchers_, {})) {
        if (const auto timer = watcher.lock()) timer->cancel();
    }
}

void Notifier::release_watchers() {
    released_ = true;
    for (const auto& watcher : watchers_) {
        if (const auto timer = watcher.lock()) timer->cancel();
    }
}

asio::awaitable<void> Notifier::wait_report(std::uint64_t seen, milliseconds patience) {
    if (released_ || reports_ != seen) co_return;
    auto timer = std::make_shared<asio::steady_timer>(executor_, patience);
    std::erase_if(watchers_, [](const auto& watcher) { return watcher.expired(); });
    watchers_.push_back(timer);
    co_await timer->async_wait(asio::as_tuple(asio::use_awaitable));
}

}  // namespace linkspan::pipeline
