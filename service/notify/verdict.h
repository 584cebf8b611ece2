// What the answer to a try means. Pure.
#pragma once

#include "core/result.h"
#include "service/transport/http_client.h"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace linkspan::notify {

struct Delivered {};
// May go well later: no answer, 408, 425, 429, 5xx.
struct TryAgain {
    std::string why;
    std::optional<std::chrono::seconds> after{};  // what Retry-After asked for
};
// Trying again would change nothing: other 4xx, redirects (which are not followed: a signed message
// goes where the configuration says and nowhere else), a request that can't be made.
struct Refused {
    std::string why;
};
using Verdict = std::variant<Delivered, TryAgain, Refused>;

// The texts name status and the beginning of what a receiver said, and never a URL or a secret.
Verdict verdict_of(const Result<transport::HttpResponse>& answer);

}  // namespace linkspan::notify
