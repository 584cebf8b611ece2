// Fetch: brings one branch of the remote into refs/remotes/origin/.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"
#include "service/git/wire.h"

#include <optional>
#include <string>

namespace linkspan::git {

// "refs/remotes/origin/<branch>"; InvalidInput for what is no branch name.
Result<std::string> tracking_ref(const std::string& branch);

// `remote` names the other side in messages. Errors: NotFound for a branch that does not exist; it
// is forgotten here, too.
Result<CommitId> fetch_branch(
    git_repository* repository, Wire& wire, const std::string& branch, const std::string& remote
);

// The branch that the remote's HEAD names.
Result<std::optional<std::string>> read_default_branch(
    git_repository* repository, Wire& wire, const std::string& remote
);

}  // namespace linkspan::git
