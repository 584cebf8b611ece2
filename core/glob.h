// Globs over paths, image names and tags: one dialect everywhere.
//
//   *  any characters but '/'      **  any characters; "**/" also matches nothing
//   ?  one character but '/'       [a-z] [!a-z]  one of a set      {a,b}  alternatives (not nested)
//   \  takes the next character as it is
// Matching is over bytes and the whole text. Time is bounded: O(pattern × text) per alternative.
#pragma once

#include <string>
#include <string_view>

namespace linkspan {

bool glob_matches(std::string_view pattern, std::string_view text);

// Git's dialect (.gitignore) in this one: braces are nothing special there, and "**" only between
// slashes.
std::string glob_from_git(std::string_view pattern);

}  // namespace linkspan
