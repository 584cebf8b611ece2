// Shell-like defaults in a value: ${TAG:-1.25} stands for 1.25 as long as nobody sets TAG.
// https://docs.docker.com/reference/compose-file/interpolation/
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

struct Expansion {
    std::string text;                 // the value with every default in place
    std::vector<std::size_t> origin;  // for each byte of text, where it is in the value
};

// nullopt when a variable has no default, or the form is another one (":?", "$$").
std::optional<Expansion> expand_defaults(std::string_view value);

}  // namespace linkspan::manifest
