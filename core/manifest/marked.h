// Places that markers name: which scalar a marker's comment is about.
//
// Comments are where no token is, so they are looked for between libyaml's tokens, never by
// matching lines: a '#' in a text is not a comment. Which value is meant, in this order:
//
//   image: a:1   # marker           the value the line ends with (map value, list item, alias)
//   image: # marker                 the value that follows on the next line
//   image: |-   # marker            the block scalar
//   {name: x, image: a:1} # marker  the value in the mapping that fits the marker's part
//   # marker                        the list item, the key's value or the mapping that begins on
//   - image: a:1                    the next line
//
// Whatever can't be told for sure is a problem with its line, never a guess.
#pragma once

#include "core/manifest/finder.h"

namespace linkspan::manifest {

// Cheap: true when the bytes may hold a marker.
bool may_have_markers(std::string_view bytes);

void find_marked_places(Finder& finder);

// For files that can't be read: a problem for each line that seems to hold a marker.
void report_unread_markers(std::string_view bytes, std::string_view why, Scan& scan);

}  // namespace linkspan::manifest
