// Notices: what is told of work that ended and of what controllers reported. Pure: the rows that
// the store writes in the same operation as what they tell of.
//
// Ids follow from what is told, so that writing a row twice makes one message. Types that gather
// (service/notify/request.h) get one message for a commit: a Flux or Argo CD webhook one whatever
// the targets, people one for each target.
#pragma once

#include "config/config.h"
#include "service/store/deployments.h"
#include "service/store/outbox.h"
#include "service/store/store.h"

#include <span>
#include <vector>

namespace linkspan::pipeline {

struct SettledWork {
    const store::WorkItem* item = nullptr;
    const store::Outcome* outcome = nullptr;
};

struct Notices {
    std::vector<store::PushedCommit> commits;
    std::vector<store::OutboxMessage> messages;

    // For a store operation.
    Status write(store::Store& store) const;
};

Notices notices_of_outcomes(
    const config::Config& config, std::span<const SettledWork> settled, store::TimePoint now
);

Notices notices_of_report(
    const config::Config& config,
    const store::DeploymentReport& report,
    std::span<const store::Reached> news,
    store::TimePoint now
);

}  // namespace linkspan::pipeline
