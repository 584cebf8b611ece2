// CloudEvents 1.0 over HTTP, structured mode: types dev.linkspan.promotion.committed and so on, and
// dev.linkspan.deployment.applied for what controllers report. With a secret, signed as Standard
// Webhooks too.
//
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
#pragma once

#include "service/notify/request.h"

#include <chrono>

namespace linkspan::notify::cloudevents {

Result<transport::HttpRequest> make_request(
    const Sink& sink, const Message& message, std::chrono::system_clock::time_point now
);

}  // namespace linkspan::notify::cloudevents
