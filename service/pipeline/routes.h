// The HTTP contract: which path and method does what. docs/api.md describes every call, and
// openapi.json in the language of machines.
#pragma once

#include "service/http/server.h"
#include "service/pipeline/intake.h"
#include "service/pipeline/pipeline.h"

#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::pipeline {

// Everything referred to must outlive the handler.
http::Handler routes(Intake& intake, Pipeline& pipeline, store::Writer& writer, Metrics& metrics);

// Method and path of every route, "{…}" for what varies.
std::vector<std::pair<std::string_view, std::string_view>> route_list();

}  // namespace linkspan::pipeline
