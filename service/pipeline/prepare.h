// prepare(): the steps `confirm` and the first half of `decide` for one event. Everything that
// needs the registry and nothing that needs Git, so that it runs before a branch has its turn,
// beside other events.
//
// Blocks on the network: call it on the registry pool.
#pragma once

#include "core/image/event.h"
#include "core/policy/policy.h"
#include "core/policy/select.h"
#include "core/result.h"
#include "service/registry/client.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct Prepared {
    policy::Explanation selection;
    std::optional<image::Digest> resolved;  // of the selected tag
    std::vector<std::string> notes;         // for the trail: what differed from the sender's word
};

// The pushed tag is not there, or not yet the pushed digest: Distribution notifies before it writes
// the tag. Told apart from Errc::NotFound of other calls, because the caller waits a little for it.
struct NotYet {
    std::string what;
};

struct PreparedEvent {
    std::optional<NotYet> not_yet;
    std::vector<Prepared> policies;  // one for each policy that was asked, when not_yet is empty
};

// `insist`: the sender's digest no longer has to be what the tag says: the wait is over, and the
// registry has the last word. A tag that is still missing stays NotYet.
Result<PreparedEvent> prepare(
    registry::Client& client,
    const image::ImageEvent& event,
    const std::vector<policy::Policy>& policies,
    bool insist
);

}  // namespace linkspan::pipeline
