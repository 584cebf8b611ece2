// Soaking: which candidate is promoted when the best one has not been there for long enough.
//
// W is the best candidate, S the best that has soaked.
//   S is W: go on with it.
//   The event's own tag is a candidate better than S, and still soaks: wait until it has soaked.
//   Otherwise: go on with S; the sentence names W and when its soak ends.
//   There is no S: wait until the event's tag has soaked, or W when the event's is no candidate.
// So tags that are pushed all the time starve nobody: every event waits for its own tag alone, and
// finds then the best that has soaked.
#pragma once

#include "core/policy/decide.h"
#include "core/policy/schedule.h"
#include "core/policy/select.h"

#include <functional>
#include <optional>
#include <string_view>

namespace linkspan::policy {

// When a tag was first seen with the digest that it has now. nullopt: never before; its soak
// begins now.
using FirstSeen = std::function<std::optional<TimePoint>(std::string_view tag)>;

struct SoakChoice {
    // selected: what goes on, or what is waited for. Candidates are cut to tags.cap.
    Explanation explanation;
    std::optional<Waiting> waiting;
};

// `selection` must list every candidate: it comes from select_every(). `event_tag` is nullopt for
// what no tag began: a listing, a replay. A policy without soak gets its selection back.
SoakChoice choose_soaked(
    const Policy& policy,
    Explanation selection,
    const FirstSeen& first_seen,
    TimePoint now,
    std::optional<std::string_view> event_tag
);

}  // namespace linkspan::policy
