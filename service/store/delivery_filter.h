// Which deliveries a list shows.
#pragma once

#include "service/store/store.h"

#include <optional>
#include <string>
#include <vector>

namespace linkspan::store {

// All that is given must hold.
struct DeliveryFilter {
    std::optional<std::string> receiver{};
    std::optional<std::string> target{};
    std::optional<std::string> image{};    // "host/repository"
    std::optional<std::string> outcome{};  // of any of its work
    // "pending": work that has not ended; "waiting": work that was tried and waits for its next
    // try; "failed": a dead letter.
    std::optional<std::string> state{};
    std::optional<TimePoint> since{};  // received then or later
    std::optional<TimePoint> until{};  // received before
};

struct DeliveryPage {
    std::vector<DeliverySummary> deliveries;
    std::optional<std::string> next;  // `after` of the next page; nullopt: there is none
};

}  // namespace linkspan::store
