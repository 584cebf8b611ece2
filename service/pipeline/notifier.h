// Notifier: delivers what is in the outbox, each receiver at its own pace.
//
// Each has its own threads, connections and pauses: one that hangs delays no other, and never a
// commit. At least once: what could not be noted as delivered is sent again, with the same id.
// Lives on the io_context thread.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "service/pipeline/metrics.h"
#include "service/pipeline/notices.h"
#include "service/runtime/task_group.h"
#include "service/store/store.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct NotificationSink;

class Notifier {
public:
    // The first of `commits` that `revision` is or contains, asked of the history of a repository.
    // Errors: NotFound when it does not know the revision.
    using History = std::function<boost::asio::awaitable<Result<std::optional<std::string>>>(
        std::string repository, std::string revision, std::vector<std::string> commits
    )>;

    Notifier(
        boost::asio::any_io_executor executor,
        std::shared_ptr<const config::Config> config,
        store::Writer& writer,
        Metrics& metrics,
        History history
    );
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    // Begins to deliver, what an earlier life left pending first.
    void start();
    // What is pending for receivers that are no longer configured becomes dead letters.
    void use(std::shared_ptr<const config::Config> config);
    // There may be new messages.
    void wake();
    // Ends tries that are under way within a second or so; they stay pending. False when something
    // was still under way after `patience`.
    boost::asio::awaitable<bool> stop(std::chrono::milliseconds patience);

    // A controller's report, kept together with the messages that follow from it. For a store
    // operation: the notifier is told of it afterwards, with reported().
    static Status keep_report(
        const config::Config& config,
        store::Store& store,
        const store::DeploymentReport& report,
        store::TimePoint now
    );
    // Wakes whoever waits for reports, and looks for the place of those on commits of other people.
    void reported();
    [[nodiscard]] std::uint64_t reports() const { return reports_; }
    // Returns at the first report after the `seen`-th, or after `patience`.
    boost::asio::awaitable<void> wait_report(
        std::uint64_t seen, std::chrono::milliseconds patience
    );
    void release_watchers();

private:
    using SinkPtr = std::shared_ptr<NotificationSink>;
    using Timer = std::shared_ptr<boost::asio::steady_timer>;

    void open_sinks();
    boost::asio::awaitable<void> run(SinkPtr sink);
    boost::asio::awaitable<void> deliver_next(SinkPtr sink);
    boost::asio::awaitable<void> deliver(SinkPtr sink, store::OutboxMessage message);
    boost::asio::awaitable<void> bury_homeless();
    boost::asio::awaitable<void> expire();
    boost::asio::awaitable<void> place_reports();
    // False: it can't be said now, ask again later.
    boost::asio::awaitable<bool> place(store::DeploymentReport report);
    void news();
    boost::asio::awaitable<void> pause(SinkPtr sink, std::chrono::milliseconds time);

    boost::asio::any_io_executor executor_;
    std::shared_ptr<const config::Config> config_;
    store::Writer& writer_;
    Metrics& metrics_;
    runtime::TaskGroup tasks_;
    std::map<std::string, SinkPtr> sinks_;
    std::vector<std::weak_ptr<boost::asio::steady_timer>> watchers_;
    Timer housekeeping_;
    History history_;
    Timer placing_pause_;
    bool placing_ = false;
    bool place_again_ = false;
    std::minstd_rand random_;
    std::uint64_t reports_ = 0;
    bool started_ = false;
    bool stopping_ = false;
    bool released_ = false;
};

}  // namespace linkspan::pipeline
