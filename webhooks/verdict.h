// What one check of a caller's credentials says.
#pragma once

#include "core/result.h"

#include <string>
#include <utility>

namespace linkspan::webhooks {

struct Verdict {
    enum class Kind {
        Passed,
        Absent,   // the request has no credentials of this sort
        Refused,  // it has, and they are wrong, or can't be checked now
    };
    Kind kind = Kind::Absent;
    Error error;  // Unauthorized, NotFound or Unavailable, as verify() says them

    static Verdict passed() { return {Kind::Passed, {}}; }
    static Verdict absent(std::string why) {
        return {Kind::Absent, {Errc::Unauthorized, std::move(why)}};
    }
    static Verdict refused(std::string why) {
        return {Kind::Refused, {Errc::Unauthorized, std::move(why)}};
    }
    static Verdict refused(Error error) { return {Kind::Refused, std::move(error)}; }
};

}  // namespace linkspan::webhooks
