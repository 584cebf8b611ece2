#include "service/notify/request.h"

#include "service/notify/argocd.h"
#include "service/notify/cloudevents.h"
#include "service/notify/flux_receiver.h"
#include "service/notify/slack.h"
#include "service/notify/webhook.h"

namespace linkspan::notify {
namespace {

Result<transport::HttpRequest> typed_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
) {
    switch (sink.type) {
        case Type::FluxReceiver:
            return flux_receiver::make_request(sink, message);
        case Type::ArgoCd:
            return argocd::make_request(sink, message);
        case Type::Slack:
            return slack::make_request(sink, message);
        case Type::CloudEvents:
            return cloudevents::make_request(sink, message, now);
        case Type::Webhook:
            return webhook::make_request(sink, message, now);
    }
    return Error{Errc::Internal, "a notification of no type"};
}

}  // namespace

bool is_poke(Type type) { return type == Type::FluxReceiver || type == Type::ArgoCd; }
bool gathers(Type type) { return is_poke(type) || type == Type::Slack; }

Result<transport::HttpRequest> make_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
) {
    auto request = typed_request(sink, message, now);
    if (request.has_error()) return request;
    request->method = "POST";
    request->url = sink.url;
    request->timeout = sink.timeout;
    request->max_response = 64 << 10;
    if (sink.token) {
        request->headers.emplace_back("Authorization", "Bearer " + sink.token->reveal());
    }
    for (const auto& header : sink.headers) request->headers.push_back(header);
    return request;
}

}  // namespace linkspan::notify
