// The JSON Schema (draft 7) of linkspan.yaml, generated from the mappings that the loader reads
// with, so that editors complete and check what the loader will accept. It knows keys, types and
// choices; rules between keys are the loader's alone.
#pragma once

#include <string>

namespace linkspan::config {

// Pretty-printed, ends with a line break; the same text at every call.
std::string json_schema();

}  // namespace linkspan::config
