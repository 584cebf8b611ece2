// What an image runs on is an image's affair: this is the name it has among the registry's types.
#pragma once

#include "core/image/platform.h"

namespace linkspan::registry {

using image::Platform;

}  // namespace linkspan::registry
