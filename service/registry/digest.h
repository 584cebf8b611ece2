// Digests of bytes that were fetched, to compare with the one that was promised.
#pragma once

#include "core/image/reference.h"

#include <string_view>

namespace linkspan::registry {

// `algorithm` is "sha256" or "sha512", as Digest::algorithm() gives it.
image::Digest compute_digest(std::string_view bytes, std::string_view algorithm = "sha256");

}  // namespace linkspan::registry
