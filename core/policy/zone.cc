#include "core/policy/zone.h"

#include "core/image/quote.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <cstddef>

namespace linkspan::policy {

namespace {

constexpr std::size_t kLongestName = 64;

// What else Abseil would take for a name: paths, "localtime", fixed offsets. "right/…" counts leap
// seconds, which the system's clock does not.
bool is_zone_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto allowed = [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/';
    };
    return !name.empty() && name.size() <= kLongestName && letter(name.front()) &&
           std::all_of(name.begin(), name.end(), allowed) && name.back() != '/' &&
           name.find("//") == std::string_view::npos && name != "localtime" &&
           !name.starts_with("right/") && !name.starts_with("posix/");
}

absl::Time to_absl(UtcTime at) { return absl::FromUnixSeconds(at.time_since_epoch().count()); }

UtcTime from_absl(absl::Time at) { return UtcTime{std::chrono::seconds{absl::ToUnixSeconds(at)}}; }

}  // namespace

struct Zone::Rules {
    absl::TimeZone zone;
};

Result<Zone> Zone::find(std::string_view name) {
    if (!is_zone_name(name)) {
        return Error{
            Errc::InvalidInput,
            image::quote(name) + " can't be the name of a time zone; write one like Europe/London"};
    }
    Zone out;
    out.name_ = name;
    auto rules = std::make_shared<Rules>();
    if (!absl::LoadTimeZone({name.data(), name.size()}, &rules->zone)) {
        return Error{
            Errc::NotFound, "there is no time zone " + image::quote(name) + " on this system"};
    }
    out.rules_ = std::move(rules);
    return out;
}

Zone::Segment Zone::at(UtcTime instant) const {
    const absl::TimeZone& zone = rules_->zone;
    Segment out;
    out.offset = std::chrono::seconds{zone.At(to_absl(instant)).offset};
    absl::TimeZone::CivilTransition next;
    if (zone.NextTransition(to_absl(instant), &next)) {
        const UtcTime end = from_absl(zone.At(next.to).trans);
        if (end > instant) out.end = end;
    }
    return out;
}

UtcTime Zone::to_instant(LocalTime local) const {
    const absl::CivilSecond civil =
        absl::CivilSecond{1970, 1, 1} + local.time_since_epoch().count();
    const absl::TimeZone::TimeInfo info = rules_->zone.At(civil);
    return from_absl(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

}  // namespace linkspan::policy
