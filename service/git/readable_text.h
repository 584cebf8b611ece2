// Text of other people's programs, made fit for messages, logs and terminals: words stay as they
// are, control characters go (an escape sequence could rewrite what a terminal shows).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace linkspan::git {

// Lines stay lines. Of a line that was overwritten by carriage returns (progress) the last state is
// left.
std::string readable_lines(std::string_view text);

// All on one line, at most `limit` bytes (and "…" when there was more), never half a character.
std::string readable_line(std::string_view text, std::size_t limit = 600);

}  // namespace linkspan::git
