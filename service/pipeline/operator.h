// What operators do: hold, resume, replay, roll back. Each is one transaction: the change, the
// audit record of who and why, and the delivery (receiver and sender "operator") that makes the
// policies be decided again.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "service/pipeline/rollback.h"
#include "service/store/holds.h"
#include "service/store/store.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

// Who acts and why. `key`: of the call, so that a repeated one is answered as the first one was;
// may be empty.
struct Actor {
    std::string who;
    std::string why;
    std::string remote_address;
    std::string key;
};

struct HoldRequest {
    std::string target;
    std::string policy;  // full name
    std::optional<std::string> tag;
    std::optional<std::string> digest;
    std::optional<store::TimePoint> until;
};

struct ResumeRequest {
    std::string target;
    std::string policy;
    std::optional<std::string> tag;  // nullopt: every hold of the policy
};

struct Resumed {
    std::vector<store::Hold> cleared;
    std::size_t forgiven = 0;  // places where a person had undone what was written
    // nullopt: no tag of the image is known yet, the next push decides.
    std::optional<store::Recorded> delivery;
};

// The operations, for the store's thread. `config` is kept alive by the operation.
using ConfigPtr = std::shared_ptr<const config::Config>;

std::function<Result<store::Hold>(store::Store&)> hold_operation(
    HoldRequest request, Actor actor, store::TimePoint now
);
// Errors: NotFound when nothing is held.
std::function<Result<Resumed>(store::Store&)> resume_operation(
    ConfigPtr config, ResumeRequest request, Actor actor, store::TimePoint now
);
// The delivery's events, matched anew, for the targets that `may` allows. Errors: NotFound (no such
// delivery), Conflict (it has no events, or nobody watches them), Unauthorized (none of the targets
// is allowed).
std::function<Result<store::Recorded>(store::Store&)> replay_operation(
    ConfigPtr config,
    std::string delivery,
    std::function<bool(const std::string& target)> may,
    Actor actor,
    store::TimePoint now
);
// A notification that was given up on is sent again, with a new life. Errors: NotFound (no such
// message), Conflict (it was not given up on).
std::function<Result<bool>(store::Store&)> resend_operation(
    std::string notification, Actor actor, store::TimePoint now
);
// Holds that have run out are cleared and their policies decided again; every delivery made.
std::function<Result<std::vector<store::Recorded>>(store::Store&)> expire_holds_operation(
    ConfigPtr config, store::TimePoint now
);

// Hold of the bad tag, audit, and the delivery whose work is to be the rollback.
std::function<Result<store::Recorded>(store::Store&)> rollback_operation(
    ConfigPtr config, RollbackRequest request, store::TimePoint now
);

// "targets/prod/policies/flux-system:app": the subject of audit records.
std::string subject_of(const std::string& target, const std::string& policy);

}  // namespace linkspan::pipeline
