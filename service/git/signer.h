// Signer: a detached signature by `gpg` or `ssh-keygen`, as Git keeps it in a commit.
#pragma once

#include "core/result.h"
#include "service/git/mirror.h"

#include <string>
#include <string_view>

namespace linkspan::git {

// The armoured signature of `text`. `directory` is where private files may be made. Errors:
// Unauthorized when the key can't be used (what the program said is in the text), Unavailable when
// the program is missing, Timeout.
Result<std::string> sign(
    std::string_view text, const Signing& signing, const std::string& directory
);

}  // namespace linkspan::git
