// Comparing and matching text.
#pragma once

#include <string>
#include <string_view>

namespace linkspan::webhooks {

bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
std::string lower(std::string_view text);
std::string_view trim(std::string_view text);  // blanks and tabs

// '*' is any run, '?' any one character; all else is itself. Linear space, time pattern × text.
bool wildcard_matches(std::string_view pattern, std::string_view text);

// What a caller wrote, fit to stand in a message: no control characters, at most 80 bytes.
std::string shown(std::string_view text);

}  // namespace linkspan::webhooks
