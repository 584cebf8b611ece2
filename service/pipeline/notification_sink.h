// NotificationSink: one receiver of notifications: its settings, threads and connections, and how
// it is doing. Used on the io_context thread; attempt() blocks and belongs on `pool`.
#pragma once

#include "config/config.h"
#include "service/notify/message.h"
#include "service/notify/verdict.h"
#include "service/store/outbox.h"
#include "service/store/time_point.h"
#include "service/transport/http_client.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct NotificationSink {
    explicit NotificationSink(config::Notification from);
    // Ends tries that are under way.
    ~NotificationSink();
    NotificationSink(const NotificationSink&) = delete;
    NotificationSink& operator=(const NotificationSink&) = delete;

    // Tries under way at once: several, and one where the order is for people to read.
    static std::size_t slots_of(const config::Notification& notification);
    // Messages of one sink, or of one commit and context, go out in the order of their age: what a
    // newer one says must not be taken back by an older one that is tried again. `pending` is the
    // beginning of what is pending then, by age, else by when it is due.
    [[nodiscard]] bool keeps_order() const;
    // How much of it next() has to see.
    [[nodiscard]] std::size_t window() const;
    // Which one goes out next, when its time comes; null when all of these are under way or wait
    // for an older one.
    [[nodiscard]] const store::OutboxMessage* next(const std::vector<store::OutboxMessage>& pending
    ) const;
    // Whether it may go on under these settings; what is told does not matter to it.
    [[nodiscard]] bool serves(const config::Notification& notification) const;
    // One try, with the secrets as they are now. `content`: of the outbox.
    [[nodiscard]] notify::Verdict attempt(const std::string& content);
    // The outcome, at the commit that the image was built from.
    [[nodiscard]] notify::Verdict show(const notify::Message& message) const;
    // Whoever sleeps looks again.
    void wake();

    const config::Notification settings;
    transport::HttpClient client;
    boost::asio::thread_pool pool;
    std::set<std::string> in_flight;  // ids of messages
    std::vector<std::weak_ptr<boost::asio::steady_timer>> sleepers;
    std::uint64_t wakes = 0;
    unsigned failures = 0;         // in a row
    store::TimePoint resume_at{};  // it asked for a pause, or failed
    bool retired = false;          // the configuration has another one
};

}  // namespace linkspan::pipeline
