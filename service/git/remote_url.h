// RemoteUrl: the URL of a Git remote, taken apart.
//
// Accepted: http(s)://, ssh:// (also git+ssh, ssh+git), user@host:path, git://, file:// and plain
// paths. Anything that a child process could take for an option, and control characters, are
// refused.
#pragma once

#include "core/result.h"
#include "core/secret.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace linkspan::git {

struct RemoteUrl {
    enum class Scheme { Http, Https, Ssh, Git, Local };

    Scheme scheme = Scheme::Local;
    std::string user;        // percent-decoded
    Secret password;         // percent-decoded
    std::string host;        // without brackets
    std::uint16_t port = 0;  // 0: the scheme's own
    // Local, Ssh, Git: the path that the Git program on the other side gets. Http: as written.
    std::string path;

    static Result<RemoteUrl> parse(std::string_view text);
    // For messages: never has user or password.
    [[nodiscard]] std::string display() const;
};

}  // namespace linkspan::git
