#include "service/pipeline/receive.h"

#include "service/pipeline/store_access.h"
#include "service/pipeline/trail_json.h"
#include "webhooks/allowed.h"
#include "webhooks/senders.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace linkspan::pipeline {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::system_clock;

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

webhooks::RawDelivery raw_of(const std::string& receiver, http::Request request) {
    webhooks::RawDelivery raw;
    raw.receiver = receiver;
    raw.method = std::move(request.method);
    raw.query = std::move(request.query);
    for (auto& header : request.headers) {
        raw.headers.add(std::move(header.name), std::move(header.value));
    }
    raw.body = std::move(request.body);
    raw.remote_address = std::move(request.remote_address);
    raw.received_at = Clock::now();
    return raw;
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
    if (delivery.ignored && delivery.events.empty()) {
        delivery.answer_status = 200;
        delivery.answer_body = ignored_json(delivery.id, *delivery.ignored);
    } else {
        delivery.answer_status = 202;
        delivery.answer_body = accepted_json(delivery, config.server.public_url);
    }
    return delivery;
}

}  // namespace

asio::awaitable<http::Response> receive(
    Pipeline& pipeline,
    store::Writer& writer,
    Metrics& metrics,
    std::string receiver_name,
    http::Request request
) {
    const ConfigPtr config = pipeline.config();
    const webhooks::Receiver* receiver = config->receiver(receiver_name);
    if (receiver == nullptr) {
        co_return http::problem(
            404,
            "Not Found",
            fmt::format(
                "there is no receiver \"{}\"; receivers are configured under \"receivers\"",
                receiver_name
            )
        );
    }
    if (request.method != "POST") {
        auto response = http::problem(405, "Method Not Allowed", "deliveries are sent with POST");
        response.headers.push_back({"Allow", "POST"});
        co_return response;
    }
    auto verified = webhooks::verify(raw_of(receiver_name, std::move(request)), *receiver);
    if (verified.has_error()) {
        metrics.delivery(receiver->name, "unauthorized");
        // The reason is for the operator; the caller learns nothing.
        spdlog::warn("receiver {}: not authentic: {}", receiver->name, verified.error().message);
        co_return http::problem(401, "Unauthorized", "the delivery is not authentic");
    }
    auto parsed = webhooks::parse(*verified, *receiver);
    if (parsed.has_error()) {
        metrics.delivery(receiver->name, "malformed");
        spdlog::warn("receiver {}: malformed: {}", receiver->name, parsed.error().message);
        co_return http::problem(400, "Bad Request", parsed.error().message);
    }
    if (auto allowed = webhooks::check_allowed(*receiver, parsed->events); allowed.has_error()) {
        metrics.delivery(receiver->name, "forbidden");
        spdlog::warn("receiver {}: {}", receiver->name, allowed.error().message);
        co_return http::problem(403, "Forbidden", allowed.error().message);
    }
    auto delivery = delivery_of(*config, *receiver, *verified, std::move(*parsed));
    const bool ignored = delivery.answer_status == 200;
    const auto began = std::chrono::steady_clock::now();
    auto recorded = co_await in_store<store::Recorded>(
        writer,
        [delivery = std::move(delivery)](store::Store& store) { return store.record(delivery); }
    );
    metrics.step("record", std::chrono::steady_clock::now() - began);
    if (recorded.has_error()) {
        metrics.delivery(receiver->name, "unavailable");
        spdlog::error("receiver {}: not recorded: {}", receiver->name, recorded.error().message);
        co_return unavailable("the delivery could not be recorded; send it again");
    }
    if (recorded->duplicate) {
        metrics.delivery(receiver->name, "duplicate");
        co_return json(200, std::move(recorded->answer_body));
    }
    metrics.delivery(receiver->name, ignored ? "ignored" : "accepted");
    spdlog::info(
        "delivery {} from receiver {}: {}",
        recorded->id,
        receiver->name,
        ignored ? "ignored" : "accepted"
    );
    pipeline.start(std::move(recorded->work));
    co_return json(
        static_cast<unsigned>(recorded->answer_status), std::move(recorded->answer_body)
    );
}

}  // namespace linkspan::pipeline
