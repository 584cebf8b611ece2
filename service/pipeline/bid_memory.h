// What the store knows for bids: what Linkspan wrote before, so that a turn notices when a person
// undid it, and where tags were built, so that a message can link what changed.
#pragma once

#include "core/plan/turn.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace linkspan::pipeline {

// Fills Bid::written and Bid::origins of each. Errors: those of the store.
boost::asio::awaitable<Status> recall_writes(store::Writer& writer, std::vector<plan::Bid*> bids);

}  // namespace linkspan::pipeline
