// Base64 (RFC 4648, 4) and base64url (5), strictly: no line breaks, no other characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace linkspan {

std::string to_base64(std::string_view bytes);

// Padding may be left out; what padding there is must be right, and bits beyond the last byte must
// be zero, so that every text has one meaning and every meaning one text (but for padding).
std::optional<std::string> from_base64(std::string_view text);
// The same, but bits beyond the last byte may be anything: for keys, which people cut and paste.
std::optional<std::string> from_base64_loosely(std::string_view text);
// Without padding only, as in JOSE (RFC 7515, 2).
std::optional<std::string> from_base64url(std::string_view text);
std::string to_base64url(std::string_view bytes);

}  // namespace linkspan
