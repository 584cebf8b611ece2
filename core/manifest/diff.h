// A unified diff of two texts, as `git diff` prints it. For people: the edit itself never goes
// through it.
#pragma once

#include <string>
#include <string_view>

namespace linkspan::manifest {

// Empty when the texts are equal. Three lines of context, "a/path" and "b/path" headers, the
// "\ No newline at end of file" remark where due.
std::string unified_diff(std::string_view path, std::string_view before, std::string_view after);

}  // namespace linkspan::manifest
