// Where a Git repository is.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>

namespace linkspan::config {

enum class GitTransport { Https, Http, Ssh, File };

struct GitUrl {
    GitTransport transport = GitTransport::File;
    std::string text;  // a relative path is made absolute
};

// https://, http://, ssh://, user@host:path, file:///path or a path. Errors: InvalidInput, for
// other schemes and for credentials inside the URL; no password is in the message.
Result<GitUrl> parse_git_url(std::string_view text, const std::string& directory);

}  // namespace linkspan::config
