// Text of the user inside a message: bounded, on one line, between quotes.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace linkspan::config {

// Control characters become '?'.
std::string one_line(std::string_view text);
// one_line(), and what is longer than 80 bytes is cut with "…".
std::string printable(std::string_view text);
// printable() between double quotes.
std::string quote(std::string_view text);
// "a, b and c"
std::string enumerate(std::span<const std::string> words, std::string_view last = "and");

}  // namespace linkspan::config
