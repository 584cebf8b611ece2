// What a plain (unquoted) scalar means to the YAML readers in use.
#pragma once

#include <string_view>

namespace linkspan::manifest {

// True when some reader takes the plain scalar `text` for something other than a string: null,
// bool, number, date, merge or value key. The union of YAML 1.1 (https://yaml.org/type/), the core
// schema of YAML 1.2 (10.3.2), and what go-yaml adds to them, since the same file is read by
// kubectl (go-yaml), Python tools and JavaScript editors.
bool reads_as_other_type(std::string_view text);

// True when `text` can be written as a plain scalar at all, in block or flow context, and reads
// back as the same characters. Strict: what image references need, and not much more.
bool can_be_plain(std::string_view text, bool flow);

}  // namespace linkspan::manifest
