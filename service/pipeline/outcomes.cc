#include "service/pipeline/outcomes.h"

#include "service/pipeline/hold_reader.h"

#include <utility>

namespace linkspan::pipeline {

store::Outcome outcome_of(std::string kind, std::string reason) {
    return {
        .kind = std::move(kind), .reason = std::move(reason), .commit = {}, .detail_json = "{}"};
}

std::variant<store::Outcome, policy::Waiting> without_change(
    const plan::BidAnswer& answer, std::string detail
) {
    const auto& verdict = answer.decision.verdict;
    if (const auto* wait = std::get_if<policy::Waiting>(&verdict)) return *wait;
    auto outcome = outcome_of("already_current", "Git names the selected tag already");
    outcome.detail_json = std::move(detail);
    if (const auto* refused = std::get_if<policy::Refused>(&verdict)) {
        outcome.kind = "refused";
        outcome.reason = refused->reason;
    } else if (const auto* held = std::get_if<policy::Held>(&verdict)) {
        outcome.kind = "held";
        outcome.reason = held_reason(*held);
    }
    return outcome;
}

}  // namespace linkspan::pipeline
