#include "service/notify/webhook.h"

#include "service/notify/payload.h"
#include "service/notify/signing.h"

#include <nlohmann/json.hpp>

namespace linkspan::notify::webhook {

Result<transport::HttpRequest> make_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
) {
    transport::HttpRequest request;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = dump({
        {"type", event_type(message)},
        {"timestamp", rfc3339(message.at)},
        {"data", payload(message)},
    });
    if (!sink.secret) {
        request.headers.emplace_back("webhook-id", message.id);
        return request;
    }
    if (auto status = sign_standard(request, *sink.secret, message.id, now); status.has_error()) {
        return status.error();
    }
    return request;
}

}  // namespace linkspan::notify::webhook
