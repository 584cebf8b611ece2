// What people hold, for the bids of a turn: read from the store right before planning, so that a
// hold counts from the moment that its call was answered.
#pragma once

#include "core/plan/turn.h"
#include "core/policy/hold.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace linkspan::pipeline {

// Fills Bid::holds of each bid with what is in force at `now`. Errors: those of the store.
boost::asio::awaitable<Status> read_holds(
    store::Writer& writer, std::shared_ptr<std::vector<plan::Bid>> bids, store::TimePoint now
);

// "held by alice: login is broken (until 2026-11-20T22:18:28.123Z)": the outcome's reason.
std::string held_reason(const policy::Held& held);

}  // namespace linkspan::pipeline
