#include "service/notify/cloudevents.h"

#include "service/notify/payload.h"
#include "service/notify/signing.h"

#include <nlohmann/json.hpp>

namespace linkspan::notify::cloudevents {

Result<transport::HttpRequest> make_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
) {
    nlohmann::ordered_json event{
        {"specversion", "1.0"},
        {"id", message.id},
        {"source", message.public_url.empty() ? "/linkspan" : message.public_url},
        {"type", "dev.linkspan." + event_type(message)},
        {"time", rfc3339(message.at)},
        {"datacontenttype", "application/json"},
    };
    if (!message.items.empty()) {
        event["subject"] = message.items.front().image + ":" + message.items.front().tag;
    }
    event["data"] = payload(message);
    transport::HttpRequest request;
    // Without a charset, which SDKs refuse; JSON is UTF-8 anyway.
    request.headers.emplace_back("Content-Type", "application/cloudevents+json");
    request.body = dump(event);
    if (!sink.secret) return request;
    if (auto status = sign_standard(request, *sink.secret, message.id, now); status.has_error()) {
        return status.error();
    }
    return request;
}

}  // namespace linkspan::notify::cloudevents
