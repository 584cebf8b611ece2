// For YAML readers that refuse what YAML 1.2 or JSON allow: the same text, byte for byte as long,
// without it. Positions stay; what is changed is white space, and characters in escapes.
//
//   tabs in lines that are otherwise blank or a comment   become spaces
//   a CR that ends a line alone                           becomes a LF
//   JSON's two escapes for one character (\ud83d\ude80)   move to U+E000 and on, where nothing is
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::manifest {

// nullopt when there is nothing of the kind in it.
std::optional<std::string> for_strict_reader(std::string_view text);

}  // namespace linkspan::manifest
