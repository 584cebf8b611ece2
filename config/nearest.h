// "did you mean …?"
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace linkspan::config {

// The known word that `word` is most likely a misspelling of: by edit distance with neighbouring
// letters swapped counted as one edit, case and '-'/'_' not counted. nullopt when none is near.
// Ties go to the first.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

// '; did you mean "receivers"?', or '; known are a, b, c' when nothing is near.
std::string suggestion(std::string_view word, std::span<const std::string> known);

}  // namespace linkspan::config
