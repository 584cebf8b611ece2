// The status line and the header lines of an answer (RFC 9112 4, 6.3). Framing is decided here, not
// by handlers.
#pragma once

#include "core/result.h"
#include "service/http/server.h"

#include <ctime>
#include <string>
#include <string_view>

namespace linkspan::http {

struct Framing {
    bool keep_alive = true;
    bool http_1_0 = false;  // the caller's version: keep-alive has to be said
};

// Appends the head to `out`, with the empty line. Errors: Internal when `response` can't be sent as
// it is: a status outside 200-599, a name that is no token, a line break or another control
// character in a value, or a framing field (Content-Length, Transfer-Encoding, Connection).
Status append_head(
    std::string& out, const Response& response, const Framing& framing, std::string_view date
);

// 204 and 304 have no body (RFC 9110 6.4.1).
bool may_have_body(unsigned status);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
std::string http_date(std::time_t when);

}  // namespace linkspan::http
