// The trail as JSON: what GET /v1/deliveries/{id} answers. docs/api.md describes every field.
#pragma once

#include "core/plan/turn.h"
#include "core/policy/gates.h"
#include "service/store/delivery_filter.h"
#include "service/store/outbox.h"
#include "service/store/store.h"
#include "webhooks/delivery.h"

#include <string>
#include <vector>

namespace linkspan::pipeline {

// "2026-11-20T22:18:28.123Z"
std::string rfc3339(store::TimePoint time);

// The outcome's detail: decision, plan with diff, refusals, problems. Lists are cut (and say so):
// the trail is for people, and a tag list is hostile input.
std::string detail_json(
    const plan::BidAnswer& answer,
    const std::string& base,
    const std::string& diff,
    const std::vector<std::string>& notes,
    const std::vector<policy::GateLine>& gates
);

// The same for what a gate refused, before there was a plan.
std::string refusal_json(
    const policy::Explanation& selection,
    const std::string& reason,
    const std::vector<policy::GateLine>& gates,
    const std::vector<std::string>& notes
);

std::string trail_json(const store::Trail& trail, const std::string& public_url);

std::string deliveries_json(const store::DeliveryPage& page);

// The 202 answer: {"id","status_url","events":[{"image","tag","digest","targets":[…]}]}, and
// "ignored" with what else was in the delivery and why nothing follows from it.
std::string accepted_json(
    const store::NewDelivery& delivery,
    const std::vector<webhooks::SetAside>& set_aside,
    const std::string& public_url
);
// What controllers said of a piece of work's commit, in one word: "failed" when any object failed,
// "progressing" when any is still at it, "applied" when all that spoke are done; empty: nobody
// spoke.
std::string deployed_state(const store::WorkRow& work);
// Nothing is left to wait for: everything that was committed, now or when it became current, was
// applied or failed.
bool deployment_ended(const store::Trail& trail);

std::string notifications_json(const std::vector<store::OutboxMessage>& page, std::size_t limit);

// The 200 answer to a controller: {"id","deployments":[{"object","state","revision"}]}.
std::string reported_json(
    const std::string& id, const std::vector<webhooks::DeploymentReport>& reports
);
// The 200 answer: {"id","ignored":"reason"}.
std::string ignored_json(const std::string& id, const std::string& reason);

}  // namespace linkspan::pipeline
