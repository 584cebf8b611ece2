// How decided work ends, as values: what both ways of delivering, commits and pull requests, say
// of it.
#pragma once

#include "core/plan/turn.h"
#include "core/policy/decide.h"
#include "service/store/store.h"

#include <string>
#include <variant>

namespace linkspan::pipeline {

// One piece of work and how it ended.
struct Ended {
    store::WorkItem item;
    store::Outcome outcome;
};

store::Outcome outcome_of(std::string kind, std::string reason);

// Of an answer that changes nothing: what the work ends as, or for when it is decided anew.
// `detail` is the outcome's detail_json.
std::variant<store::Outcome, policy::Waiting> without_change(
    const plan::BidAnswer& answer, std::string detail
);

}  // namespace linkspan::pipeline
