// Directive: what a person asked for, as it is kept with its work in the store.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace linkspan::pipeline {

// Put the event's tag into the target's places, whatever the policy would choose: a rollback.
struct Directive {
    std::string who;
    std::string why;
    std::int64_t hold = 0;  // set with it on the tag that is left; 0: none

    [[nodiscard]] std::string json() const;
    // Errors: Corrupt.
    static Result<Directive> parse(std::string_view text);
};

}  // namespace linkspan::pipeline
