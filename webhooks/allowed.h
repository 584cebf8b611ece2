// Which images a receiver may speak for.
#pragma once

#include "core/image/event.h"
#include "core/result.h"
#include "webhooks/receiver.h"

#include <string_view>
#include <vector>

namespace linkspan::webhooks {

// Errors: Unauthorized, naming the first image that is not covered by the receiver's `images`; the
// caller was authentic, so it is told (403). One image too many refuses the whole delivery.
Status check_allowed(const Receiver& receiver, const std::vector<image::ImageEvent>& events);

// '*' any run without '/', '**' any run, '?' one character that is not '/'. All else is itself.
// Time: pattern length × text length.
bool glob_matches(std::string_view pattern, std::string_view text);

}  // namespace linkspan::webhooks
