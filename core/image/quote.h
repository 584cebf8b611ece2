// quote(): hostile text inside a message: in double quotes, control and invalid bytes escaped, long
// text cut.
#pragma once

#include <string>
#include <string_view>

namespace linkspan::image {

std::string quote(std::string_view text);

}  // namespace linkspan::image
