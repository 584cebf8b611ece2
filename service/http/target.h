// The request target (RFC 9112 3.2, RFC 3986): from the bytes on the request line to a path and a
// query. Pure.
#pragma once

#include "core/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::http {

struct Target {
    std::string path;
    std::string query;
};

// origin-form "/a?b", absolute-form "http://host/a?b", and "*" for OPTIONS. The path is
// percent-decoded, except that %2F stays as it is: decoding must not make a new segment out of one.
// Errors: InvalidInput for another form, a fragment, a broken escape, and control characters (NUL,
// CR, LF, …), written out or escaped.
Result<Target> parse_target(std::string_view method, std::string_view target);

// The path part of a target, split at '/', each segment decoded in full (%2F too).
std::vector<std::string> path_segments(std::string_view target);

// First value of `name`. '+' is a space, as in application/x-www-form-urlencoded; a broken escape
// stands for itself.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace linkspan::http
