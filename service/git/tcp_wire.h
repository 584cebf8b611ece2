// Wire over a plain TCP connection: git://, as `git daemon` serves it. Nobody is who they say they
// are there, so it is for tests and for private networks.
#pragma once

#include "core/result.h"
#include "service/git/deadline.h"
#include "service/git/remote_url.h"
#include "service/git/wire.h"

#include <memory>

namespace linkspan::git {

// Everything must outlive the wire.
std::unique_ptr<Wire> make_tcp_wire(const RemoteUrl& url, Deadline& deadline);

}  // namespace linkspan::git
