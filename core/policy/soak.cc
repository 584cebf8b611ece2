#include "core/policy/soak.h"

#include "core/duration.h"
#include "core/policy/instant.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace linkspan::policy {

namespace {

std::string when(TimePoint at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    return write(Instant{.seconds = seconds.time_since_epoch().count(), .fraction = {}});
}

void cut(std::vector<std::string>& candidates, std::size_t cap) {
    if (cap != 0 && candidates.size() > cap) candidates.resize(cap);
}

}  // namespace

SoakChoice choose_soaked(
    const Policy& policy,
    Explanation selection,
    const FirstSeen& first_seen,
    TimePoint now,
    std::optional<std::string_view> event_tag
) {
    SoakChoice out{.explanation = std::move(selection), .waiting = std::nullopt};
    Explanation& e = out.explanation;
    const auto& all = e.candidates;
    if (policy.soak <= policy.soak.zero() || all.empty()) {
        cut(e.candidates, policy.tags.cap);
        return out;
    }
    const auto soaked_at = [&](const std::string& tag) {
        return first_seen(tag).value_or(now) + policy.soak;
    };
    const auto soaked = [&](const std::string& tag) { return soaked_at(tag) <= now; };

    const auto event = event_tag ? std::find(all.begin(), all.end(), *event_tag) : all.end();
    const auto best_soaked = std::find_if(all.begin(), all.end(), soaked);
    // Ranks: an event that is better than S has not soaked, or it would be S.
    const bool waits = event != all.end() ? event < best_soaked : best_soaked == all.end();
    if (waits) {
        const std::string tag = event != all.end() ? *event : all.front();
        const TimePoint until = soaked_at(tag);
        const std::string why = fmt::format(
            "{} soaks for {}, until {}", tag, format_duration(policy.soak), when(until)
        );
        e.selected = tag;
        e.why += "; " + why;
        out.waiting = Waiting{.until = until, .why = why};
    } else if (best_soaked != all.begin()) {
        e.selected = *best_soaked;
        e.why += fmt::format(
            "; it soaks for {}, until {}, and {} is the best that has soaked",
            format_duration(policy.soak),
            when(soaked_at(all.front())),
            *best_soaked
        );
    }
    cut(e.candidates, policy.tags.cap);
    return out;
}

}  // namespace linkspan::policy
