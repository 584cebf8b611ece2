// What a registry's answer means when it is not the one that was asked for, in words for people.
#pragma once

#include "core/result.h"
#include "service/transport/http_client.h"

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::registry {

// "text/html" of "Text/HTML; charset=utf-8"; empty when absent.
std::string media_type_of(const transport::HttpResponse& response);

// The first error of an OCI error body, "MANIFEST_UNKNOWN: manifest unknown"; nullopt when it is
// something else.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#error-codes
std::optional<std::string> read_error_code(std::string_view body);

// For any status that is not a success. `who` is the host, or "the token server at …".
Error explain(const transport::HttpResponse& response, std::string_view who);

// A success that should hold JSON and holds something else.
Error explain_not_json(const transport::HttpResponse& response, std::string_view who);

// Text from outside on its way into a message: printable, at most `longest` bytes.
std::string quote(std::string_view text, std::size_t longest = 200);

}  // namespace linkspan::registry
