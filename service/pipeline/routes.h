// The HTTP contract: which path and method does what. docs/api.md describes every call.
#pragma once

#include "service/http/server.h"
#include "service/pipeline/intake.h"
#include "service/pipeline/pipeline.h"

namespace linkspan::pipeline {

// Everything referred to must outlive the handler.
http::Handler routes(Intake& intake, Pipeline& pipeline, store::Writer& writer, Metrics& metrics);

}  // namespace linkspan::pipeline
