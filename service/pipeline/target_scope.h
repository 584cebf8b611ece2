// What a target's plans look at, as the configuration says.
#pragma once

#include "config/config.h"
#include "core/plan/scope.h"

namespace linkspan::pipeline {

plan::Scope scope_of(const config::Config& config, const config::Target& target);

}  // namespace linkspan::pipeline
