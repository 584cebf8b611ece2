// What an answer that is no success means, whichever forge it comes from. Pure.
#pragma once

#include "core/result.h"
#include "service/forge/forge_type.h"
#include "service/transport/http_client.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::forge {

// The platform's own words in an error body, in one line of at most 500 bytes; empty when there are
// none (an HTML page, an empty body).
std::string words_of(const transport::HttpResponse& response);

// Which permission the token lacks ("contents=write"), in the platform's words; empty when it does
// not say.
std::string missing_permission(const transport::HttpResponse& response);

// How long to ask nothing, when this answer says so: a primary or secondary limit (429, or 403 that
// is none about permissions), or a success that used up the last request. `now` counts where the
// answer has no Date of its own.
struct Limit {
    std::chrono::seconds wait{};
    bool refused = false;  // else the answer is good, and the next would not be
};
std::optional<Limit> limit_of(
    const transport::HttpResponse& response, std::chrono::system_clock::time_point now
);

bool is_html(const transport::HttpResponse& response);
inline bool is_success(const transport::HttpResponse& response) {
    return response.status >= 200 && response.status < 300;
}

// What all calls together take, for platforms that refuse without a word.
std::string_view needed_permissions(ForgeType type);

// By status: 401 and 403 Unauthorized, 404 and 410 NotFound, 409 and 412 Conflict, 429 RateLimited,
// 408 and 5xx Unavailable, anything else InvalidInput; with the platform's words and the missing
// permission, or those that are needed.
Error explain(ForgeType type, const transport::HttpResponse& response);

}  // namespace linkspan::forge
