// Wires over a child process: `ssh` to a host, or Git's own program for a repository on this
// machine (so that hooks run, and refs move under Git's locks, there too).
#pragma once

#include "core/result.h"
#include "service/git/deadline.h"
#include "service/git/mirror.h"
#include "service/git/remote_url.h"
#include "service/git/wire.h"

#include <memory>
#include <string>

namespace linkspan::git {

// `directory` is where private files may be made. Everything must outlive the wire.
Result<std::unique_ptr<Wire>> make_ssh_wire(
    const RemoteUrl& url,
    const RemoteOptions& options,
    const std::string& directory,
    Deadline& deadline
);
std::unique_ptr<Wire> make_local_wire(const RemoteUrl& url, Deadline& deadline);

}  // namespace linkspan::git
