// The parts of a target's `fields`, which may also stand in its `find`.
#pragma once

#include "config/config.h"
#include "config/reader.h"

namespace linkspan::config {

Shape watched_fields_shape();
// Adds to Target::fields, in the order of the file.
void read_watched_fields(Reader& reader, const Node& node, Target& target);
// After policies were read: resolves and checks whose each value is.
void check_watched_fields(
    Reader& reader, const Node& node, const Config& config, const Target& target
);

}  // namespace linkspan::config
