#include "core/policy/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace linkspan::policy {

namespace {

namespace chrono = std::chrono;

constexpr chrono::days kHorizon{3660};
constexpr int kMostSteps = 20'000;

std::string enumerate(const std::vector<Span>& spans) {
    constexpr std::size_t kMost = 3;
    std::string out;
    for (std::size_t i = 0; i < std::min(spans.size(), kMost); ++i) {
        if (i > 0) out += ", ";
        out += spans[i].text();
    }
    if (spans.size() > kMost) out += fmt::format(" and {} more", spans.size() - kMost);
    return out;
}

// Closed; `until`: not open before. nullopt: never again.
struct Closed {
    std::string why;
    std::optional<UtcTime> until;
};

// nullopt: open.
std::optional<Closed> closed(const Schedule& schedule, UtcTime at) {
    std::optional<Closed> out;
    // The latest of all that close it.
    const auto close = [&](auto words, std::optional<UtcTime> until) {
        if (!out) {
            out = Closed{.why = words(), .until = until};
        } else if (!until || (out->until && *until > *out->until)) {
            out->until = until;
        }
    };
    for (const Span& freeze : schedule.freezes) {
        const Span::State state = freeze.at(at);
        if (!state.in_force) continue;
        close([&] { return fmt::format("the freeze {} is in force", freeze.text()); }, state.until);
    }
    for (const auto& windows : schedule.windows) {
        std::optional<UtcTime> first;
        bool any = false;
        for (const Span& window : windows) {
            const Span::State state = window.at(at);
            any |= state.in_force;
            if (state.until && (!first || *state.until < *first)) first = state.until;
        }
        if (any) continue;
        close([&] { return fmt::format("outside the windows {}", enumerate(windows)); }, first);
    }
    return out;
}

std::optional<UtcTime> first_open(const Schedule& schedule, UtcTime from) {
    UtcTime at = from;
    for (int step = 0; step < kMostSteps && at <= from + kHorizon; ++step) {
        const auto shut = closed(schedule, at);
        if (!shut) return at;
        if (!shut->until) return std::nullopt;
        at = *shut->until;
    }
    return std::nullopt;
}

}  // namespace

Schedule both(Schedule a, const Schedule& b) {
    const auto add = [](auto& to, const auto& from) {
        for (const auto& item : from) {
            if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
        }
    };
    add(a.windows, b.windows);
    add(a.freezes, b.freezes);
    return a;
}

Opening opening(const Schedule& schedule, TimePoint at) {
    auto shut = closed(schedule, chrono::floor<chrono::seconds>(at));
    if (!shut) return {};
    return {.open = false, .why = std::move(shut->why)};
}

std::optional<TimePoint> next_open(const Schedule& schedule, TimePoint now) {
    const UtcTime from = chrono::floor<chrono::seconds>(now);
    const auto at = first_open(schedule, from);
    if (!at) return std::nullopt;
    return *at == from ? now : TimePoint{*at};
}

Status can_open(const Schedule& schedule) {
    using namespace std::chrono_literals;
    std::vector<UtcTime> beginnings{chrono::sys_days{2024y / 1 / 1}};
    for (const auto& windows : schedule.windows) {
        for (const Span& window : windows) {
            if (const auto begin = window.dated_begin()) beginnings.push_back(*begin);
        }
    }
    const bool ever = std::any_of(beginnings.begin(), beginnings.end(), [&](UtcTime at) {
        return first_open(schedule, at).has_value();
    });
    if (ever) return {};
    return Error{
        Errc::InvalidInput,
        schedule.windows.empty() ? "is always in force, so nothing can ever be changed"
                                 : "never open together, or only in freezes"};
}

}  // namespace linkspan::policy
