#include "service/pipeline/notifier.h"

#include "service/notify/request.h"
#include "service/notify/verdict.h"
#include "service/pipeline/notification_type.h"
#include "service/pipeline/store_access.h"
#include "service/runtime/blocking.h"
#include "service/transport/backoff.h"
#include "service/transport/http_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/thread_pool.hpp>
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

// Tries under way at once, to one receiver. One where the order is for people to read.
constexpr std::size_t kSlots = 4;
constexpr milliseconds kStoreTrouble{1000};
constexpr milliseconds kLongSleep{std::chrono::hours{1}};
constexpr std::chrono::minutes kHousekeeping{10};
// So long delivered and dead messages are shown, and repetitions of a poke recognised.
constexpr std::chrono::hours kKeepMessages{24 * 14};
// As long as deliveries are kept.
constexpr std::chrono::hours kKeepCommits{24 * 90};
constexpr std::size_t kChunk = 1000;
// A controller that is further behind than this is not waited for.
constexpr std::size_t kCommitsAsked = 100;
constexpr std::size_t kPlacedAtOnce = 100;
constexpr std::chrono::seconds kAskAgain{15};

std::size_t slots_of(const config::Notification& notification) {
    return notify::gathers(notification_type(notification.type)) ? 1 : kSlots;
}

// The receiver with its secrets as they are now. Errors: of the first that can't be read.
Result<notify::Sink> sink_of(const config::Notification& from) {
    notify::Sink sink;
    sink.name = from.name;
    sink.type = notification_type(from.type);
    sink.url = from.url;
    sink.timeout = from.timeout;
    if (from.url_secret) {
        LINKSPAN_TRY(url, from.url_secret->read());
        sink.url = url.reveal();
    }
    if (from.secret) {
        LINKSPAN_TRY(secret, from.secret->read());
        sink.secret = secret;
    }
    if (from.token) {
        LINKSPAN_TRY(token, from.token->read());
        sink.token = token;
    }
    for (const auto& header : from.headers) {
        std::string value = header.value;
        if (header.secret) {
            LINKSPAN_TRY(secret, header.secret->read());
            value = secret.reveal();
        }
        sink.headers.emplace_back(header.name, std::move(value));
    }
    return sink;
}

// Blocks.
notify::Verdict attempt(
    const config::Notification& notification,
    transport::HttpClient& client,
    const std::string& content
) {
    const auto message = notify::from_json(content);
    if (message.has_error()) return notify::Refused{message.error().message};
    const auto sink = sink_of(notification);
    // A secret that is being replaced is back in a moment.
    if (sink.has_error()) return notify::TryAgain{.why = sink.error().message};
    const auto request = notify::make_request(*sink, *message, Clock::now());
    if (request.has_error()) return notify::Refused{request.error().message};
    return notify::verdict_of(client.send(*request));
}

bool same(const std::optional<config::SecretRef>& a, const std::optional<config::SecretRef>& b) {
    if (a.has_value() != b.has_value()) return false;
    return !a || (a->kind == b->kind && a->name == b->name);
}

bool same(const config::Notification& a, const config::Notification& b) {
    return a.type == b.type && a.url == b.url && same(a.url_secret, b.url_secret) &&
           same(a.secret, b.secret) && same(a.token, b.token) && a.ca_file == b.ca_file &&
           a.proxy == b.proxy && a.timeout == b.timeout && a.give_up_after == b.give_up_after &&
           std::equal(
               a.headers.begin(),
               a.headers.end(),
               b.headers.begin(),
               b.headers.end(),
               [](const auto& x, const auto& y) {
                   return x.name == y.name && x.value == y.value && same(x.secret, y.secret);
               }
           );
}

transport::HttpClientOptions client_options(const config::Notification& notification) {
    transport::HttpClientOptions options;
    options.ca_file = notification.ca_file;
    options.proxy = notification.proxy;
    return options;
}

}  // namespace

struct Notifier::Sink {
    explicit Sink(config::Notification from)
        : settings{std::move(from)}, client{client_options(settings)}, pool{slots_of(settings)} {}
    ~Sink() {
        client.stop();
        pool.join();
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    config::Notification settings;
    transport::HttpClient client;
    asio::thread_pool pool;
    std::set<std::string> in_flight;  // ids
    std::vector<std::weak_ptr<asio::steady_timer>> sleepers;
    std::uint64_t wakes = 0;
    unsigned failures = 0;         // in a row
    store::TimePoint resume_at{};  // it asked for a pause, or failed
    bool retired = false;          // the configuration has another one

    void wake() {
        ++wakes;
        for (const auto& sleeper : sleepers) {
            if (const auto timer = sleeper.lock()) timer->cancel();
        }
    }
};

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

Notifier::~Notifier() = default;

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
        if (now != nullptr && same(*now, it->second->settings)) {
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
        sink = std::make_shared<Sink>(notification);
        for (std::size_t i = 0; i < slots_of(notification); ++i) tasks_.spawn(run(sink));
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
    const std::size_t limit = sink->in_flight.size() + 1;
    std::function<Result<std::vector<store::OutboxMessage>>(store::Store&)> read =
        [name = sink->settings.name, limit](store::Store& store) {
            return store.outbox().pending(name, limit);
        };
    auto pending = co_await in_store<std::vector<store::OutboxMessage>>(writer_, std::move(read));
    if (stopping_ || sink->retired) co_return;
    if (pending.has_error()) {
        spdlog::warn("notifications can't be read: {}", pending.error().message);
        co_await pause(sink, kStoreTrouble);
        co_return;
    }
    // Nothing is awaited between looking and taking: two loops never take the same one.
    const auto next = std::find_if(pending->begin(), pending->end(), [&](const auto& message) {
        return !sink->in_flight.contains(message.id);
    });
    if (next == pending->end()) {
        // Otherwise another loop took what this one saw, and there may be more behind it.
        if (sink->wakes == seen && pending->size() < limit) co_await pause(sink, kLongSleep);
        co_return;
    }
    const auto wait = std::max(next->due_at, sink->resume_at) - Clock::now();
    if (wait > milliseconds{0}) {
        if (sink->wakes != seen) co_return;
        const auto time = std::chrono::ceil<milliseconds>(wait);
        co_await pause(sink, std::min<milliseconds>(time, kLongSleep));
        co_return;
    }
    co_await deliver(sink, std::move(*next));
}

asio::awaitable<void> Notifier::deliver(SinkPtr sink, store::OutboxMessage message) {
    const std::string& name = sink->settings.name;
    sink->in_flight.insert(message.id);
    auto work = [sink, content = message.content] {
        return attempt(sink->settings, sink->client, content);
    };
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

asio::awaitable<void> Notifier::stop(milliseconds patience) {
    stopping_ = true;
    release_watchers();
    housekeeping_->cancel();
    placing_pause_->cancel();
    for (const auto& [name, sink] : sinks_) {
        sink->client.stop();
        sink->wake();
    }
    co_await tasks_.stop(patience);
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

asio::awaitable<void> Notifier::place_reports() {
    if (placing_) co_return;
    placing_ = true;
    bool later = true;
    while (later && !stopping_) {
        later = std::exchange(place_again_, false);
        std::function<Result<std::vector<store::DeploymentReport>>(store::Store&)> read =
            [](store::Store& store) { return store.deployments().unplaced(kPlacedAtOnce); };
        auto reports =
            co_await in_store<std::vector<store::DeploymentReport>>(writer_, std::move(read));
        if (reports.has_error()) break;
        bool unsure = false;
        for (auto& report : *reports) {
            if (stopping_) break;
            if (!co_await place(std::move(report))) unsure = true;
        }
        if (!unsure || stopping_) continue;
        later = true;
        placing_pause_->expires_after(kAskAgain);
        co_await placing_pause_->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    placing_ = false;
}

asio::awaitable<bool> Notifier::place(store::DeploymentReport report) {
    std::function<Result<std::vector<store::PushedCommit>>(store::Store&)> list =
        [](store::Store& store) { return store.deployments().branches(); };
    auto branches = co_await in_store<std::vector<store::PushedCommit>>(writer_, std::move(list));
    if (branches.has_error()) co_return false;
    bool sure = true;
    // Progress of somebody else's commit is not worth a fetch.
    if (report.state == "progressing") branches->clear();
    for (const auto& branch : *branches) {
        if (!report.branch.empty() && report.branch != branch.branch) continue;
        std::function<Result<std::vector<store::PushedCommit>>(store::Store&)> read =
            [branch](store::Store& store) {
                return store.deployments().commits(branch.repository, branch.branch, kCommitsAsked);
            };
        auto ours = co_await in_store<std::vector<store::PushedCommit>>(writer_, std::move(read));
        if (ours.has_error()) co_return false;
        if (ours->empty()) continue;
        std::vector<std::string> ids;
        for (const auto& commit : *ours) ids.push_back(commit.id);
        const auto found = co_await history_(branch.repository, report.revision, std::move(ids));
        if (found.has_error()) {
            if (found.error().kind == Errc::NotFound) continue;
            spdlog::warn(
                "a report on {} of {} can't be placed now: {}",
                report.revision,
                branch.repository,
                found.error().message
            );
            sure = false;
            continue;
        }
        if (!*found) continue;
        const auto commit = std::find_if(ours->begin(), ours->end(), [&](const auto& one) {
            return one.id == **found;
        });
        std::function<Status(store::Store&)> put =
            [report, commit = *commit, config = config_](store::Store& store) -> Status {
            const auto now = Clock::now();
            LINKSPAN_TRY(answer, store.deployments().place(report.id, commit, now));
            return notices_of_report(*config, report, answer.news, now).write(store);
        };
        auto placed = co_await in_store_status(writer_, std::move(put));
        if (placed.has_error()) co_return placed.error().kind == Errc::NotFound;
        news();
        co_return true;
    }
    if (!sure) co_return false;
    std::function<Status(store::Store&)> drop = [id = report.id](store::Store& store) {
        return store.deployments().drop(id);
    };
    auto dropped = co_await in_store_status(writer_, std::move(drop));
    co_return !dropped.has_error();
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
