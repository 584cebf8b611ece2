// WaitingWork: a piece of work that was decided, on its way into a repository.
#pragma once

#include "core/plan/turn.h"
#include "core/policy/gates.h"
#include "service/store/store.h"

#include <chrono>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct WaitingWork {
    store::WorkItem item;
    plan::Bid bid;
    std::vector<std::string> notes;
    std::vector<policy::GateLine> gates;  // that it passed
    std::chrono::milliseconds batch{0};
    std::chrono::steady_clock::time_point ready{};  // its batch has waited long enough
    std::string rules{};  // RepositoryRules::fingerprint that it was decided under
};

std::vector<store::WorkItem> items_of(const std::vector<WaitingWork>& waiting);

}  // namespace linkspan::pipeline
