// Zone: an IANA time zone ("Europe/London"). It is the only thing of core that comes from the
// system: rules of time zones are data that changes several times a year.
//
// Abseil reads them (see docs/dependencies.md) from the system's tzdata, once per zone and process.
// Any thread.
#pragma once

#include "core/result.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::policy {

using UtcTime = std::chrono::sys_seconds;
// What a clock on the wall shows.
using LocalTime = std::chrono::local_seconds;

class Zone {
public:
    // Errors: NotFound when the system has no such zone, InvalidInput for what can't be a name.
    static Result<Zone> find(std::string_view name);

    struct Segment {
        std::chrono::seconds offset{};  // local time = UTC + offset
        // Until when it is so; nullopt: for good.
        std::optional<UtcTime> end;
    };
    [[nodiscard]] Segment at(UtcTime instant) const;
    // A time that is repeated: the first. One that is skipped: the instant when the clocks jump.
    [[nodiscard]] UtcTime to_instant(LocalTime local) const;

    [[nodiscard]] const std::string& name() const { return name_; }

private:
    struct Rules;
    std::string name_;
    std::shared_ptr<const Rules> rules_;
};

}  // namespace linkspan::policy
