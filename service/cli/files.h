// Reading and replacing whole files, for the commands.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace linkspan::cli {

// "-" is standard input. Errors: NotFound, InvalidInput (not a regular file, larger than
// max_bytes).
Result<std::string> read_file(const std::string& path, std::size_t max_bytes = 64U << 20);

// Writes beside it and renames: a reader sees the old bytes or the new ones. The mode stays.
// Errors: Unavailable.
Status replace_file(const std::string& path, std::string_view bytes);

}  // namespace linkspan::cli
