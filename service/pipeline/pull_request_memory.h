// plan::Memory as the text that the store keeps.
#pragma once

#include "core/plan/pull_request_life.h"

#include <string>

namespace linkspan::pipeline {

std::string write_memory(const plan::Memory& memory);
// What does not read counts as nothing remembered: then the branch and the body tell.
plan::Memory read_memory(const std::string& text);

}  // namespace linkspan::pipeline
