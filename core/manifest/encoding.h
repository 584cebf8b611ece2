// Which files are text that can be edited byte by byte: UTF-8, with or without a byte order mark.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::manifest {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// A byte order mark of UTF-16 or UTF-32.
bool has_wide_mark(std::string_view bytes);

// Why `bytes` is not such text, in words; nullopt when it is.
std::optional<std::string> encoding_problem(std::string_view bytes);

}  // namespace linkspan::manifest
