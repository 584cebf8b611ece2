// What a forge is to show at the source commit that an image was built from. Pure; whoever has a
// forge for the source repository sends it (forge::Forge::set_status takes the same facts).
#pragma once

#include "service/notify/message.h"

#include <optional>
#include <string>

namespace linkspan::notify {

struct CommitStatus {
    enum class State { Pending, Success, Failure };
    std::string source;    // URL of the source's repository, as the event said it: hostile, to be
                           // compared with configured ones and never called
    std::string revision;  // 40 or 64 hex digits
    State state = State::Pending;
    std::string context;      // "linkspan/prod", or "linkspan/prod/POLICY": see commit_status_of()
    std::string description;  // one line, at most 140 characters
    std::string url;          // of the trail; may be empty
};

// The context names the target, and the policy too where the target has several: two images that
// are built from one commit have a status each then.
//
// nullopt when the message has no source commit to show it at, or nothing to show.
// committed, pull_request, held: pending (nothing runs yet); already_current, merged, applied:
// success; the others: failure.
std::optional<CommitStatus> commit_status_of(const Message& message);

}  // namespace linkspan::notify
