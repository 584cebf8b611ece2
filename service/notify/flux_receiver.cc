#include "service/notify/flux_receiver.h"

#include "service/notify/payload.h"
#include "service/notify/signing.h"

#include <nlohmann/json.hpp>

namespace linkspan::notify::flux_receiver {

Result<transport::HttpRequest> make_request(const Sink& sink, const Message& message) {
    transport::HttpRequest request;
    request.body = dump({
        {"repository", message.repository},
        {"repository_url", message.repository_url},
        {"branch", message.branch},
        {"commit", message.commit},
    });
    request.headers.emplace_back("Content-Type", "application/json");
    if (sink.secret) {
        request.headers.emplace_back("X-Signature", hmac_sha256_header(*sink.secret, request.body));
    }
    return request;
}

}  // namespace linkspan::notify::flux_receiver
