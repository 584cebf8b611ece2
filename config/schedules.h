// windows and freezes, of policies and of targets.
#pragma once

#include "config/mapping.h"
#include "core/policy/schedule.h"

#include <string_view>

namespace linkspan::config {

inline constexpr std::string_view kWindowsDoc =
    "When changes may be made: \"Mon-Fri 09:00-17:00 Europe/London\". None: always.";
inline constexpr std::string_view kFreezesDoc =
    "When they may not, in the same words: \"2026-12-20/2027-01-03 Europe/London\".";

void read_windows(Reader& reader, const Node& node, policy::Schedule& schedule);
void read_freezes(Reader& reader, const Node& node, policy::Schedule& schedule);
// That the mapping's schedule can ever be open.
void check_schedule(Reader& reader, const Node& mapping, const policy::Schedule& schedule);

// Declares both keys of a T that has a `schedule`.
template <class T>
void add_schedule(Mapping<T>& m) {
    m.key(
        "windows",
        Shape::list(Shape::text()),
        kWindowsDoc,
        [](Reader& reader, const Node& node, T& value) {
            read_windows(reader, node, value.schedule);
        }
    );
    m.not_empty();
    m.key(
        "freezes",
        Shape::list(Shape::text()),
        kFreezesDoc,
        [](Reader& reader, const Node& node, T& value) {
            read_freezes(reader, node, value.schedule);
        }
    );
}

}  // namespace linkspan::config
