#include "service/pipeline/intake.h"

#include "service/http/client_address.h"
#include "service/pipeline/forge_clients.h"
#include "service/pipeline/proposals.h"
#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "webhooks/allowed.h"
#include "webhooks/deployment.h"
#include "webhooks/pull_request_event.h"
#include "webhooks/senders.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;

// What a platform says of a pull request of a repository of ours.
struct PullRequestNews {
    std::string repository;  // name in the config
    webhooks::PullRequestEvent event;
    std::string wish;  // for a rebuild; empty: none
};

namespace {

using Clock = std::chrono::system_clock;

// Enough for any burst that the disk can follow; beyond it, senders had better come back.
constexpr std::size_t kMostRecording = 8192;

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

http::Response json(unsigned status, std::string body) {
    http::Response response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

http::Response unavailable(std::string_view detail) {
    auto response = http::problem(503, "Service Unavailable", detail);
    response.headers.push_back({"Retry-After", "2"});
    return response;
}

http::Response answered(const webhooks::Answer& answer) {
    http::Response response;
    response.status = static_cast<unsigned>(answer.status);
    response.body = answer.body;
    for (const auto& [name, value] : answer.headers) response.headers.push_back({name, value});
    return response;
}

// Senders write many media types for JSON, some call it text, and some write none at all.
bool readable(std::string_view content_type) {
    const std::string type = lower(content_type);
    for (const std::string_view known :
         {"json",
          "cloudevents",
          "text/",
          "application/x-www-form-urlencoded",
          "application/octet-stream"}) {
        if (type.find(known) != std::string::npos) return true;
    }
    return type.empty();
}

// The common name in a subject as RFC 2253 writes it ("CN=ci,O=Acme"). A comma inside of a value is
// escaped there, so that no other attribute can pretend to be the name.
std::string common_name(std::string_view subject) {
    std::size_t at = 0;
    while (at < subject.size()) {
        std::string value;
        std::size_t i = at;
        for (; i < subject.size() && subject[i] != ','; ++i) {
            if (subject[i] == '\\' && i + 1 < subject.size()) ++i;
            value += subject[i];
        }
        if (value.starts_with("CN=")) return value.substr(3);
        at = i + 1;
    }
    return {};
}

// Who called: behind a proxy that the receiver trusts, whom the proxy names.
std::string caller(const webhooks::Receiver& receiver, const http::Request& request) {
    if (receiver.trusted_proxies.empty()) return request.remote_address;
    const auto proxies = http::TrustedProxies::parse(receiver.trusted_proxies);
    if (proxies.has_error()) return request.remote_address;
    return http::client_address(request, *proxies);
}

webhooks::RawDelivery raw_of(const webhooks::Receiver& receiver, http::Request request) {
    webhooks::RawDelivery raw;
    raw.receiver = receiver.name;
    raw.remote_address = caller(receiver, request);
    raw.method = std::move(request.method);
    raw.query = std::move(request.query);
    for (auto& header : request.headers) {
        raw.headers.add(std::move(header.name), std::move(header.value));
    }
    raw.body = std::move(request.body);
    if (auto name = common_name(request.client_subject); !name.empty()) {
        raw.client_names.push_back(std::move(name));
    }
    raw.received_at = Clock::now();
    return raw;
}

// A signature is no image, but news to a policy that may have refused the image for want of it.
void heed_signatures(
    const config::Config& config, webhooks::ParsedDelivery& parsed, store::NewDelivery& delivery
) {
    std::erase_if(parsed.set_aside, [&](webhooks::SetAside& one) {
        if (!one.event.tag.str().ends_with(".sig")) return false;
        store::NewEvent recorded{.event = one.event, .work = {}};
        for (const auto& watch : config::match(config, one.event.image)) {
            if (watch.policy->signature.empty()) continue;
            recorded.work.push_back(
                {.target = watch.target->name, .policy = watch.policy->full_name()}
            );
        }
        if (recorded.work.empty()) return false;
        delivery.events.push_back(std::move(recorded));
        delivery.ignored.reset();
        return true;
    });
}

// The step `match`: which targets' policies watch each event's image.
store::NewDelivery delivery_of(
    const config::Config& config,
    const webhooks::Receiver& receiver,
    const webhooks::VerifiedDelivery& verified,
    webhooks::ParsedDelivery parsed
) {
    const auto& raw = verified.raw();
    store::NewDelivery delivery;
    delivery.id = store::new_id(raw.received_at);
    delivery.receiver = receiver.name;
    delivery.sender = receiver.type;
    delivery.key = verified.key().value;
    delivery.key_window = verified.key().window;
    delivery.received_at = raw.received_at;
    delivery.remote_address = raw.remote_address;
    delivery.proven = verified.proven();
    delivery.ignored = parsed.ignored_reason;
    for (auto& event : parsed.events) {
        store::NewEvent recorded{.event = std::move(event), .work = {}};
        for (const auto& watch : config::match(config, recorded.event.image)) {
            recorded.work.push_back(
                {.target = watch.target->name, .policy = watch.policy->full_name()}
            );
        }
        delivery.events.push_back(std::move(recorded));
    }
    heed_signatures(config, parsed, delivery);
    if (!parsed.deployments.empty()) {
        const auto& first = parsed.deployments.front();
        delivery.ignored = fmt::format(
            "report of a deployment: {} {} {}",
            first.object,
            webhooks::to_string(first.state),
            first.revision
        );
        delivery.answer_status = 200;
        delivery.answer_body = reported_json(delivery.id, parsed.deployments);
    } else if (delivery.ignored && delivery.events.empty()) {
        delivery.answer_status = 200;
        delivery.answer_body = ignored_json(delivery.id, *delivery.ignored);
    } else {
        delivery.answer_status = 202;
        delivery.answer_body = accepted_json(delivery, parsed.set_aside, config.server.public_url);
    }
    return delivery;
}

std::vector<PullRequestNews> news_of(
    const config::Config& config,
    const std::vector<webhooks::PullRequestEvent>& events,
    const std::string& delivery
) {
    std::vector<PullRequestNews> news;
    for (const auto& event : events) {
        // The platform is asked for comments and for the box; who put a label on, only events say.
        std::optional<RebuildWish> wish;
        if (event.what == webhooks::PullRequestEvent::What::Labelled &&
            event.label == kRebuildLabel) {
            wish =
                RebuildWish{.id = "label:" + delivery, .user = event.actor, .label = event.label};
        }
        for (const auto& repository : config.repositories) {
            if (!webhooks::is_about(event, forge_path_of(repository))) continue;
            news.push_back(
                {.repository = repository.name,
                 .event = event,
                 .wish = wish ? write_wish(*wish) : std::string{}}
            );
        }
    }
    return news;
}

std::vector<store::DeploymentReport> reports_of(const webhooks::ParsedDelivery& parsed) {
    std::vector<store::DeploymentReport> reports;
    for (const auto& one : parsed.deployments) {
        reports.push_back({
            .controller = one.controller,
            .object = one.object,
            .state = std::string{webhooks::to_string(one.state)},
            .revision = one.revision,
            .branch = one.branch,
            .message = one.message,
            .at = one.at,
        });
    }
    return reports;
}

}  // namespace

Intake::Intake(Pipeline& pipeline, Receivers& receivers, store::Writer& writer, Metrics& metrics)
    : pipeline_{pipeline}, receivers_{receivers}, writer_{writer}, metrics_{metrics} {}

http::Response Intake::refuse(
    const webhooks::Receiver& receiver, unsigned status, std::string_view result, const Error& error
) {
    metrics_.delivery(receiver.name, std::string{result});
    spdlog::warn("receiver {}: {}: {}", receiver.name, result, error.message);
    switch (status) {
        // The reason is for the operator; the caller learns nothing.
        case 401:
            return http::problem(401, "Unauthorized", "the delivery is not authentic");
        case 403:
            return http::problem(403, "Forbidden", error.message);
        case 503:
            return unavailable("the keys to verify the delivery with are not there; send it again");
        default:
            return http::problem(400, "Bad Request", error.message);
    }
}

std::optional<Error> Intake::keep_allowed(
    const webhooks::Receiver& receiver, webhooks::ParsedDelivery& parsed
) {
    std::vector<image::ImageEvent> allowed;
    std::optional<Error> refusal;
    for (auto& event : parsed.events) {
        const auto status = webhooks::check_allowed(receiver, {event});
        if (!status.has_error()) {
            allowed.push_back(std::move(event));
            continue;
        }
        metrics_.delivery(receiver.name, "forbidden");
        spdlog::warn("receiver {}: {}", receiver.name, status.error().message);
        if (!refusal) refusal = status.error();
        parsed.set_aside.push_back(
            {.event = std::move(event), .reason = "this receiver may not speak for it"}
        );
    }
    parsed.events = std::move(allowed);
    if (!parsed.events.empty()) return std::nullopt;
    return refusal;
}

asio::awaitable<http::Response> Intake::receive(http::Request request) {
    const auto segments = request.segments();
    const std::string name = segments.size() > 1 ? segments[1] : std::string{};
    const ReceiverPtr receiver = segments.size() > 3 ? nullptr : receivers_.find(name);
    if (!receiver) {
        co_return http::problem(
            404,
            "Not Found",
            fmt::format(
                "there is no receiver \"{}\"; receivers are configured under \"receivers\"", name
            )
        );
    }
    auto raw = raw_of(*receiver, std::move(request));
    if (segments.size() > 2) raw.path_token = segments[2];
    if (raw.method != "POST") {
        if (const auto handshake = webhooks::answer_options(raw, *receiver)) {
            metrics_.delivery(receiver->name, "handshake");
            co_return answered(*handshake);
        }
        auto response = http::problem(405, "Method Not Allowed", "deliveries are sent with POST");
        const auto* sender = webhooks::find_sender(receiver->type);
        const bool options = sender != nullptr && sender->takes_cloud_events;
        response.headers.push_back({"Allow", options ? "POST, OPTIONS" : "POST"});
        co_return response;
    }
    if (recording_ >= kMostRecording) {
        metrics_.delivery(receiver->name, "overload");
        co_return unavailable("too many deliveries wait to be recorded; send it again");
    }
    auto verified = co_await receivers_.verify(std::move(raw), receiver);
    if (verified.has_error()) {
        const bool keyless = verified.error().kind == Errc::Unavailable;
        co_return refuse(
            *receiver,
            keyless ? 503 : 401,
            keyless ? "unavailable" : "unauthorized",
            verified.error()
        );
    }
    // Only now: what a stranger sends is not looked into.
    if (const auto type = verified->raw().headers.get("Content-Type"); type && !readable(*type)) {
        metrics_.delivery(receiver->name, "malformed");
        co_return http::problem(
            415, "Unsupported Media Type", "a body is JSON, or a form with a \"payload\" field"
        );
    }
    auto parsed = webhooks::parse(*verified, *receiver);
    if (parsed.has_error()) co_return refuse(*receiver, 400, "malformed", parsed.error());
    if (parsed->confirm_url) {
        auto confirmed = co_await receivers_.confirm_subscription(*parsed->confirm_url);
        if (confirmed.has_error()) {
            spdlog::error(
                "receiver {}: the subscription is not confirmed: {}",
                receiver->name,
                confirmed.error().message
            );
            co_return unavailable("the subscription could not be confirmed; send it again");
        }
    }
    if (parsed->answer) {
        metrics_.delivery(receiver->name, "handshake");
        co_return answered(*parsed->answer);
    }
    if (const auto refused = keep_allowed(*receiver, *parsed)) {
        co_return refuse(*receiver, 403, "forbidden", *refused);
    }
    const ConfigPtr config = pipeline_.config();
    auto reports = reports_of(*parsed);
    const auto events = std::move(parsed->pull_requests);
    auto delivery = delivery_of(*config, *receiver, *verified, std::move(*parsed));
    auto news = news_of(*config, events, delivery.id);
    co_return co_await record(receiver, std::move(delivery), std::move(reports), std::move(news));
}

asio::awaitable<http::Response> Intake::record(
    ReceiverPtr receiver,
    store::NewDelivery delivery,
    std::vector<store::DeploymentReport> reports,
    std::vector<PullRequestNews> news
) {
    const bool ignored = delivery.answer_status == 200;
    const auto began = std::chrono::steady_clock::now();
    std::function<Result<store::Recorded>(store::Store&)> operation =
        [delivery = std::move(delivery), reports, news, config = pipeline_.config()](
            store::Store& store
        ) -> Result<store::Recorded> {
        auto written = store.record(delivery);
        if (written.has_error() || written->duplicate) return written;
        for (const auto& report : reports) {
            auto kept = Notifier::keep_report(*config, store, report, delivery.received_at);
            if (kept.has_error()) return kept.error();
        }
        for (const auto& [repository, event, wish] : news) {
            LINKSPAN_TRY(
                some,
                store.pull_requests().nudge(
                    repository, event.head, event.number, wish, delivery.received_at
                )
            );
            (void)some;
        }
        return written;
    };
    ++recording_;
    auto recorded = co_await in_store<store::Recorded>(writer_, std::move(operation));
    --recording_;
    metrics_.step("record", std::chrono::steady_clock::now() - began);
    if (recorded.has_error()) {
        metrics_.delivery(receiver->name, "unavailable");
        spdlog::error("receiver {}: not recorded: {}", receiver->name, recorded.error().message);
        co_return unavailable("the delivery could not be recorded; send it again");
    }
    if (recorded->duplicate) {
        metrics_.delivery(receiver->name, "duplicate");
        co_return json(200, std::move(recorded->answer_body));
    }
    if (!news.empty()) pipeline_.pull_requests_nudged();
    if (!reports.empty()) {
        for (const auto& report : reports) {
            metrics_.report(receiver->name, report.state);
            spdlog::info(
                "receiver {}: {} {} {}",
                receiver->name,
                report.object,
                report.state,
                report.revision
            );
        }
        pipeline_.notifier().reported();
        metrics_.delivery(receiver->name, "reported");
        co_return json(200, std::move(recorded->answer_body));
    }
    metrics_.delivery(receiver->name, ignored ? "ignored" : "accepted");
    spdlog::info(
        "delivery {} from receiver {}: {}",
        recorded->id,
        receiver->name,
        ignored ? "ignored" : "accepted"
    );
    pipeline_.start(std::move(recorded->work));
    co_return json(
        static_cast<unsigned>(recorded->answer_status), std::move(recorded->answer_body)
    );
}

}  // namespace linkspan::pipeline
