// The step `confirm`: is a pushed tag there, and is it what the sender said?
//
// Blocks on the network: call it on the registry pool.
#pragma once

#include "core/image/event.h"
#include "core/result.h"
#include "service/registry/client.h"

#include <optional>
#include <string>
#include <vector>

namespace linkspan::pipeline {

// The pushed tag is not there, or not yet the pushed digest: Distribution notifies before it writes
// the tag. Told apart from Errc::NotFound of other calls, because the caller waits a little for it.
struct NotYet {
    std::string what;
};

struct Confirmed {
    std::optional<NotYet> not_yet;
    std::optional<image::Digest> digest;  // when not_yet is empty
    std::vector<std::string> notes;       // for the trail: what differed from the sender's word
};

// `insist`: the sender's digest no longer has to be what the tag says: the wait is over, and the
// registry has the last word. A tag that is still missing stays NotYet.
Result<Confirmed> confirm(registry::Client& client, const image::ImageEvent& event, bool insist);

// The sender's digest. nullopt when there is none, or one that does not read: an abbreviation.
std::optional<image::Digest> claimed_digest(const image::ImageEvent& event);

}  // namespace linkspan::pipeline
