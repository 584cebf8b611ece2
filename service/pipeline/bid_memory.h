// What Linkspan wrote before, read from the store into bids, so that a turn notices when a person
// undid it.
#pragma once

#include "core/plan/turn.h"
#include "service/store/store.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace linkspan::pipeline {

// Fills Bid::written of each. Errors: those of the store.
boost::asio::awaitable<Status> recall_writes(store::Writer& writer, std::vector<plan::Bid*> bids);

}  // namespace linkspan::pipeline
