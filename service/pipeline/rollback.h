// Rollback: back to what Linkspan last replaced, or to a tag that a person names; the tag that is
// left is held, so that the policy does not bring it again.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "service/store/store.h"

#include <optional>
#include <string>

namespace linkspan::pipeline {

// The sender of the delivery that a rollback is: its one event names the tag to go back to, its
// actor is who asked.
inline constexpr const char* kRollbackSender = "rollback";

struct RollbackRequest {
    std::string target;
    std::string policy;             // short or full name
    std::optional<std::string> to;  // a tag; nullopt: what was last replaced
    std::string who;
    std::string why;
};

// On the store's thread, in one operation: records the delivery (of the built-in receiver
// "operator") whose work makes the commit, holds the bad tag, writes the audit entry. Start the
// work with Pipeline::start(). Errors: NotFound (no such target or policy in the configuration),
// Conflict (nothing to go back to, or it is the tag that Git has), InvalidInput (`to` is no tag).
Result<store::Recorded> record_rollback(
    store::Store& store,
    const config::Config& config,
    const RollbackRequest& request,
    store::TimePoint now
);

}  // namespace linkspan::pipeline
