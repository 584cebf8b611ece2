// Gives a Wire to libgit2: its "smart" transport then speaks the fetch protocol over it.
#pragma once

#include "core/result.h"
#include "service/git/wire.h"

#include <git2.h>

#include <optional>

namespace linkspan::git {

// State of one conversation; must outlive the git_remote that uses it.
struct WireSession {
    Wire& wire;
    // The first thing that went wrong on the wire. libgit2 has only a text for it.
    std::optional<Error> error;
};

// Makes libgit2 use the session's wire, and leaves the other callbacks as they are. The callbacks'
// payload becomes the session.
void use_wire(git_remote_callbacks& callbacks, WireSession& session);

}  // namespace linkspan::git
