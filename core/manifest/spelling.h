// How a value is written down: the bytes of a scalar's token with a new value in them, in the style
// that was there.
#pragma once

#include "core/manifest/place.h"
#include "core/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

// The part of a scalar's value that its role is about: a block scalar's final line break is not.
std::string_view core_of(const Scalar& scalar);

// The scalar's value with that part replaced.
std::string with_core(const Scalar& scalar, std::string_view core);

// `token` are the bytes at scalar.span. `core` replaces core_of(scalar): quotes, escapes elsewhere
// in the text, a block scalar's header and indentation stay; a plain value is quoted when it would
// read as another type. Errors: InvalidInput when the form can't hold the value.
Result<std::string> respell(std::string_view token, const Scalar& scalar, std::string_view core);

// Which raw bytes write which bytes of a quoted value: a unit is one byte, or one escape.
struct Unit {
    std::size_t raw_end = 0;
    std::size_t value_end = 0;
};
// `raw` is what is between the quotes. Empty for what goes over several lines or is not understood.
std::vector<Unit> units_of(std::string_view raw, bool double_quoted);

// A value where none was: plain where that is safe and `style` is ' ', else in the quotes `style`,
// or `quote`.
std::string spell(std::string_view value, char style, char quote, bool flow);

}  // namespace linkspan::manifest
