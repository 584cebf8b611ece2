// Base64 (RFC 4648 part 4), the padded form that Basic authentication, Docker's config and cosign
// use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::registry {

std::string encode_base64(std::string_view bytes);
// Line breaks at the end are forgiven, missing padding too; nothing else is.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace linkspan::registry
