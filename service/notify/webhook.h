// JSON as Standard Webhooks recommends it, {"type", "timestamp", "data"}, signed when there is a
// secret. webhook-id is there in any case, for recognising repetitions.
//
// https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
#pragma once

#include "service/notify/request.h"

#include <chrono>

namespace linkspan::notify::webhook {

Result<transport::HttpRequest> make_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
);

}  // namespace linkspan::notify::webhook
