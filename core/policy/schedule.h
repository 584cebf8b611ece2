// Schedule: when changes may be made: windows and freezes in the time of a zone. The language is
// described for users in docs/policies.md.
//
//   Mon-Fri 09:00-17:00 Europe/London          weekly; days and times may be lists: Mon-Wed,Sat
//   22:00-06:00 UTC                            every day, over midnight
//   Sat-Mon Europe/London                      whole days
//   Fri 17:00/Mon 08:00 Europe/London          weekly, from one moment to another
//   2026-12-20/2027-01-03 Europe/London        dated, both days included
//   2026-12-24T18:00/2027-01-04T08:00 UTC      dated, the last moment not included
//   cron: 0 9 * * 1-5 for 8h Europe/London     from each time that cron would start something
//
// All but cron ask what a clock on the wall shows: an hour that is skipped in spring is in no
// window, and one that is repeated in autumn counts twice. cron's length is elapsed time; a start
// that is skipped happens when the clocks jump, one that is repeated happens the first time.
#pragma once

#include "core/policy/span.h"
#include "core/result.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::policy {

using TimePoint = std::chrono::system_clock::time_point;

struct Schedule {
    // Of each list one window must be open. Lists are never empty; none: always open. (Several come
    // from a target and a policy, and from a policy in the repository that narrows one.)
    std::vector<std::vector<Span>> windows{};
    // None of these may be in force.
    std::vector<Span> freezes{};

    [[nodiscard]] bool always_open() const { return windows.empty() && freezes.empty(); }
    friend bool operator==(const Schedule&, const Schedule&) = default;
};

// Open only when both are.
Schedule both(Schedule a, const Schedule& b);

// What holds at an instant.
struct Opening {
    bool open = true;
    // When closed: what closes it, in words: "freeze 2026-12-20/… is in force".
    std::string why;
};
Opening opening(const Schedule& schedule, TimePoint at);

// `now` when it is open, else the instant when it opens next. nullopt: not within ten years (or not
// found in a bounded search, where windows of minutes are frozen again and again).
std::optional<TimePoint> next_open(const Schedule& schedule, TimePoint now);

// Errors: InvalidInput for a schedule that can never open, whatever the time: its freezes cover its
// windows. A schedule whose dated windows are over is no error, so that a file that loads today
// loads tomorrow.
Status can_open(const Schedule& schedule);

}  // namespace linkspan::policy
