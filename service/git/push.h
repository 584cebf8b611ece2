// Push: one conversation that moves one branch of the remote from an expected value to another.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"
#include "service/git/receive_pack.h"
#include "service/git/wire.h"

#include <string>
#include <variant>

namespace linkspan::git {

// The server did not update the ref; why, is still to be found out.
struct Refused {
    PushReport report;
};
using PushAttempt = std::variant<Pushed, AlreadyThere, Moved, Refused>;

// `remote` names the other side in messages.
Result<PushAttempt> attempt_push(
    git_repository* repository, Wire& wire, const RefUpdate& update, const std::string& remote
);
// The same for a review ref, which has no value to be expected.
Result<PushAttempt> attempt_review(
    git_repository* repository, Wire& wire, const ReviewRequest& request, const std::string& remote
);
// Where the branch is, by a conversation of its own.
Result<std::optional<CommitId>> look_up_tip(
    Wire& wire, const std::string& branch, const std::string& remote
);

// What a refusal means, given where the branch is now.
Result<PushAnswer> judge_refusal(
    const Refused& refused,
    const RefUpdate& update,
    const std::optional<CommitId>& tip,
    const std::string& remote
);

}  // namespace linkspan::git
