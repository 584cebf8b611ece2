// The OpenAPI 3.1 document of the API: openapi.json, built into the program.
#pragma once

#include <string_view>

namespace linkspan::pipeline {

extern const std::string_view kOpenApi;

}  // namespace linkspan::pipeline
