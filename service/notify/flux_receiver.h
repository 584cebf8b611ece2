// A Receiver of Flux's notification-controller, types generic and generic-hmac: it makes Flux look
// at its sources now. The body is for a generic receiver's resourceFilter (CEL) alone.
//
// fluxcd/notification-controller, docs/spec/v1/receivers.md
#pragma once

#include "service/notify/request.h"

namespace linkspan::notify::flux_receiver {

Result<transport::HttpRequest> make_request(const Sink& sink, const Message& message);

}  // namespace linkspan::notify::flux_receiver
