// Rules for texts: each gives the normal form, or Errc::InvalidInput with what is wrong and how it
// is written. For Mapping::text.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::config::rule {

// Of a receiver, repository, policy, target: part of URLs, of markers and of messages.
inline constexpr std::string_view kNamePattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";
Result<std::string> name(std::string_view text);

// "host:port", "[::1]:port", ":port".
Result<std::string> listen(std::string_view text);
// http(s)://host[:port][/path], without user, query or fragment; the slash at its end is dropped.
Result<std::string> http_url(std::string_view text);
// host[:port] of a registry, as image names have it.
Result<std::string> registry_host(std::string_view text);
// A path or glob inside a repository: relative, '/'-separated, without "..". "./a/" becomes "a",
// and
// "." becomes "".
Result<std::string> inside_repository(std::string_view text);
// A branch: "refs/heads/main" becomes "main" (git-check-ref-format(1)).
Result<std::string> branch(std::string_view text);
// A glob over host/repository.
Result<std::string> image_glob(std::string_view text);
// An HTTP field name (RFC 9110, 5.6.2).
Result<std::string> header_name(std::string_view text);
// Text on one line without control characters.
Result<std::string> line(std::string_view text);

// A name or address in a commit: as line(), and without the characters that delimit it there.
Result<std::string> person(std::string_view text);

}  // namespace linkspan::config::rule
