#include "service/pipeline/notification_sink.h"

#include "service/notify/commit_status.h"
#include "service/notify/request.h"
#include "service/pipeline/forge_clients.h"
#include "service/pipeline/notification_type.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace linkspan::pipeline {
namespace {

constexpr std::size_t kSlots = 4;
// So many commit statuses are looked at for one that may go out.
constexpr std::size_t kStatusWindow = 256;

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

// Messages of one lane go out one after the other.
std::string lane_of(const config::Notification& settings, const store::OutboxMessage& message) {
    if (settings.type != config::Notification::Type::CommitStatus) return {};
    const auto content = notify::from_json(message.content);
    if (content.has_error()) return message.id;
    const auto status = notify::commit_status_of(*content);
    if (!status) return message.id;
    return status->source + "\n" + status->revision + "\n" + status->context;
}

bool same(const std::optional<config::SecretRef>& a, const std::optional<config::SecretRef>& b) {
    if (a.has_value() != b.has_value()) return false;
    return !a || (a->kind == b->kind && a->name == b->name);
}

transport::HttpClientOptions client_options(const config::Notification& notification) {
    transport::HttpClientOptions options;
    options.ca_file = notification.ca_file;
    options.proxy = notification.proxy;
    return options;
}

}  // namespace

NotificationSink::NotificationSink(config::Notification from)
    : settings{std::move(from)}, client{client_options(settings)}, pool{slots_of(settings)} {}

NotificationSink::~NotificationSink() {
    client.stop();
    pool.join();
}

std::size_t NotificationSink::slots_of(const config::Notification& notification) {
    return notify::gathers(notification_type(notification.type)) ? 1 : kSlots;
}

std::size_t NotificationSink::window() const {
    if (settings.type == config::Notification::Type::CommitStatus) return kStatusWindow;
    return in_flight.size() + 1;
}

bool NotificationSink::keeps_order() const {
    return settings.type == config::Notification::Type::CommitStatus || slots_of(settings) == 1;
}

const store::OutboxMessage* NotificationSink::next(const std::vector<store::OutboxMessage>& pending
) const {
    const store::OutboxMessage* best = nullptr;
    std::set<std::string> taken;
    for (const auto& message : pending) {
        const bool first = !keeps_order() || taken.insert(lane_of(settings, message)).second;
        if (!first || in_flight.contains(message.id)) continue;
        if (best == nullptr || message.due_at < best->due_at) best = &message;
    }
    return best;
}

bool NotificationSink::serves(const config::Notification& b) const {
    const config::Notification& a = settings;
    return a.type == b.type && a.url == b.url && same(a.url_secret, b.url_secret) &&
           same(a.secret, b.secret) && same(a.token, b.token) && a.forge == b.forge &&
           a.ca_file == b.ca_file && a.proxy == b.proxy && a.timeout == b.timeout &&
           a.give_up_after == b.give_up_after &&
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

notify::Verdict NotificationSink::attempt(const std::string& content) {
    const auto message = notify::from_json(content);
    if (message.has_error()) return notify::Refused{message.error().message};
    const auto sink = sink_of(settings);
    // A secret that is being replaced is back in a moment.
    if (sink.has_error()) return notify::TryAgain{.why = sink.error().message};
    if (settings.type == config::Notification::Type::CommitStatus) return show(*message);
    const auto request = notify::make_request(*sink, *message, std::chrono::system_clock::now());
    if (request.has_error()) return notify::Refused{request.error().message};
    return notify::verdict_of(client.send(*request));
}

notify::Verdict NotificationSink::show(const notify::Message& message) const {
    const auto status = notify::commit_status_of(message);
    // Of an image that does not say where it came from, or comes from elsewhere, there is nothing
    // to show here.
    if (!status) return notify::Delivered{};
    auto forge = forge_of_source(settings, status->source);
    if (forge.has_error()) return notify::Delivered{};
    using State = notify::CommitStatus::State;
    const auto shown = (*forge)->set_status(
        status->revision,
        {.context = status->context,
         .state = status->state == State::Pending   ? forge::CheckState::Pending
                  : status->state == State::Success ? forge::CheckState::Success
                                                    : forge::CheckState::Failure,
         .description = status->description,
         .url = status->url}
    );
    if (!shown.has_error()) return notify::Delivered{};
    const auto& error = shown.error();
    if (!is_transient(error.kind)) return notify::Refused{error.message};
    notify::TryAgain again{.why = error.message};
    if (error.retry_after) {
        again.after = std::chrono::ceil<std::chrono::seconds>(*error.retry_after);
    }
    return again;
}

void NotificationSink::wake() {
    ++wakes;
    for (const auto& sleeper : sleepers) {
        if (const auto timer = sleeper.lock()) timer->cancel();
    }
}

}  // namespace linkspan::pipeline
