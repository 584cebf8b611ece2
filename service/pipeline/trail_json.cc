#include "service/pipeline/trail_json.h"

#include "webhooks/deployment.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>

namespace linkspan::pipeline {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxCandidates = 20;
constexpr std::size_t kMaxRejected = 50;
constexpr std::size_t kMaxDiff = 16 << 10;

Json optional_text(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json(nullptr);
}

// Text from outside may hold broken UTF-8: replaced, never thrown over.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json event_json(const image::ImageEvent& event) {
    return {
        {"image", event.image.str()},
        {"tag", event.tag.str()},
        {"digest", optional_text(event.digest)},
        {"media_type", optional_text(event.media_type)},
        {"pushed_at", optional_text(event.pushed_at)},
        {"revision", optional_text(event.revision)},
        {"source", optional_text(event.source)},
        {"build_url", optional_text(event.build_url)},
        {"actor", optional_text(event.actor)},
    };
}

Json gates_json(const std::vector<policy::GateLine>& gates) {
    Json out = Json::array();
    for (const auto& line : gates) {
        Json row{
            {"gate", std::string{line.gate}},
            {"outcome", std::string{policy::outcome_name(line.outcome)}},
            {"reason", line.reason},
        };
        if (line.until) row["until"] = rfc3339(*line.until);
        out.push_back(std::move(row));
    }
    return out;
}

Json decision_json(
    const policy::Verdict& verdict,
    const policy::Explanation& explanation,
    const std::vector<policy::GateLine>& gates
) {
    Json candidates = Json::array();
    for (std::size_t i = 0; i < std::min(explanation.candidates.size(), kMaxCandidates); ++i) {
        candidates.push_back(explanation.candidates[i]);
    }
    Json rejected = Json::object();
    for (const auto& [tag, reason] : explanation.rejected) {
        if (rejected.size() == kMaxRejected) break;
        rejected[tag] = reason;
    }
    Json out{
        {"verdict", std::string{policy::verdict_name(verdict)}},
        {"selected", optional_text(explanation.selected)},
        {"why", explanation.why},
        {"considered", explanation.considered},
        {"candidates", std::move(candidates)},
        {"candidates_total", explanation.passed},
        {"rejected", std::move(rejected)},
        {"rejected_total", explanation.rejected.size()},
    };
    if (const auto* refused = std::get_if<policy::Refused>(&verdict)) {
        out["reason"] = refused->reason;
    }
    if (const auto* held = std::get_if<policy::Held>(&verdict)) {
        out["held"] = {
            {"by", held->by},
            {"why", held->why},
            {"until", held->until ? Json(rfc3339(*held->until)) : Json(nullptr)},
        };
    }
    out["gates"] = gates_json(gates);
    return out;
}

Json changes_json(const std::vector<plan::Change>& changes) {
    Json out = Json::array();
    for (const auto& change : changes) {
        out.push_back({
            {"path", change.path},
            {"line", change.line},
            {"where", change.where},
            {"image", change.image.str()},
            {"old_tag", change.old_tag},
            {"new_tag", change.new_tag},
            {"old_digest", optional_text(change.old_digest)},
            {"new_digest", optional_text(change.new_digest)},
        });
    }
    return out;
}

// A commit that controllers can see; that of a pull request is not, before it is merged.
bool is_on_branch(const store::WorkRow& work) {
    return work.outcome && work.outcome->commit &&
           (work.outcome->kind == "committed" || work.outcome->kind == "merged");
}

Json deployments_json(const std::vector<store::DeploymentReport>& reports) {
    Json out = Json::array();
    for (const auto& report : reports) {
        out.push_back({
            {"controller", report.controller},
            {"object", report.object},
            {"state", report.state},
            {"revision", report.revision},
            {"at", rfc3339(report.at)},
            {"message", report.message},
        });
    }
    return out;
}

Json work_json(const store::WorkRow& work) {
    Json out{
        {"target", work.target},
        {"policy", work.policy},
        {"state", work.waiting ? "waiting" : work.state},
        {"attempts", work.attempts},
    };
    if (work.outcome) {
        out["outcome"] = work.outcome->kind;
        out["reason"] = work.outcome->reason;
        out["commit"] = optional_text(work.outcome->commit);
        if (work.done_at) out["settled_at"] = rfc3339(*work.done_at);
        auto detail = Json::parse(work.outcome->detail_json, nullptr, false);
        if (detail.is_object()) out.update(detail);
        if (work.current_since) out["current_since"] = *work.current_since;
        if (is_on_branch(work) || work.current_since) {
            const std::string state = deployed_state(work);
            out["deployed"] = state.empty() ? Json(nullptr) : Json(state);
            out["deployments"] = deployments_json(work.deployments);
        }
    } else {
        out["outcome"] = nullptr;
        if (work.waiting) {
            out["reason"] = *work.waiting;
            if (work.due_at) out["waiting_until"] = rfc3339(*work.due_at);
        } else if (work.due_at) {
            out["next_attempt_at"] = rfc3339(*work.due_at);
        }
        out["last_error"] = optional_text(work.last_error);
    }
    return out;
}

std::string status_url(const std::string& public_url, const std::string& id) {
    std::string base = public_url;
    while (base.ends_with('/')) base.pop_back();
    return base + "/v1/deliveries/" + id;
}

}  // namespace

std::string rfc3339(store::TimePoint time) {
    using namespace std::chrono;
    const auto millis = duration_cast<milliseconds>(time.time_since_epoch()).count();
    const std::time_t whole = system_clock::to_time_t(floor<seconds>(time));
    std::tm utc{};
    gmtime_r(&whole, &utc);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc, ((millis % 1000) + 1000) % 1000);
}

std::string detail_json(
    const plan::BidAnswer& answer,
    const std::string& base,
    const std::string& diff,
    const std::vector<std::string>& notes,
    const std::vector<policy::GateLine>& gates
) {
    const auto& decision = answer.decision;
    Json out{{"decision", decision_json(decision.verdict, decision.explanation, gates)}};
    Json plan{{"base", base}, {"changes", changes_json(answer.changes)}};
    if (!diff.empty()) {
        plan["diff"] = diff.size() <= kMaxDiff ? diff : diff.substr(0, kMaxDiff) + "\n[cut]\n";
    }
    out["plan"] = std::move(plan);
    out["refusals"] = answer.refusals;
    out["held"] = answer.held;
    out["problems"] = answer.problems;
    out["notes"] = notes;
    return dump(out);
}

std::string refusal_json(
    const policy::Explanation& selection,
    const std::string& reason,
    const std::vector<policy::GateLine>& gates,
    const std::vector<std::string>& notes
) {
    return dump(Json{
        {"decision", decision_json(policy::Refused{reason}, selection, gates)},
        {"notes", notes},
    });
}

std::string trail_json(const store::Trail& trail, const std::string& public_url) {
    const auto& delivery = trail.delivery;
    Json events = Json::array();
    for (std::size_t i = 0; i < delivery.events.size(); ++i) {
        Json event = event_json(delivery.events[i].event);
        Json targets = Json::array();
        for (const auto& work : trail.work) {
            if (work.event_index == i) targets.push_back(work_json(work));
        }
        if (targets.empty()) {
            event["outcome"] = "unwatched";
            event["reason"] = "no target's policy watches this image";
        }
        event["targets"] = std::move(targets);
        events.push_back(std::move(event));
    }
    const Json out{
        {"id", delivery.id},
        {"status_url", status_url(public_url, delivery.id)},
        {"receiver", delivery.receiver},
        {"sender", delivery.sender},
        {"received_at", rfc3339(delivery.received_at)},
        {"remote_address", delivery.remote_address},
        {"proven", delivery.proven},
        {"ignored", optional_text(delivery.ignored)},
        {"settled", trail.settled()},
        {"events", std::move(events)},
    };
    return dump(out);
}

std::string deliveries_json(const store::DeliveryPage& page) {
    Json items = Json::array();
    for (const auto& row : page.deliveries) {
        items.push_back({
            {"id", row.id},
            {"receiver", row.receiver},
            {"sender", row.sender},
            {"received_at", rfc3339(row.received_at)},
            {"ignored", optional_text(row.ignored)},
            {"events", row.events},
            {"pending", row.pending},
            {"failed", row.failed},
            {"waiting", row.waiting},
        });
    }
    const Json out{{"deliveries", std::move(items)}, {"next", optional_text(page.next)}};
    return dump(out);
}

std::string accepted_json(
    const store::NewDelivery& delivery,
    const std::vector<webhooks::SetAside>& set_aside,
    const std::string& public_url
) {
    Json events = Json::array();
    for (const auto& event : delivery.events) {
        Json targets = Json::array();
        for (const auto& work : event.work) {
            targets.push_back({{"target", work.target}, {"policy", work.policy}});
        }
        events.push_back({
            {"image", event.event.image.str()},
            {"tag", event.event.tag.str()},
            {"digest", optional_text(event.event.digest)},
            {"targets", std::move(targets)},
        });
    }
    Json out{
        {"id", delivery.id},
        {"status_url", status_url(public_url, delivery.id)},
        {"events", std::move(events)},
    };
    if (!set_aside.empty()) {
        Json ignored = Json::array();
        for (const auto& one : set_aside) {
            if (ignored.size() == kMaxRejected) break;
            ignored.push_back({
                {"image", one.event.image.str()},
                {"tag", one.event.tag.str()},
                {"reason", one.reason},
            });
        }
        out["ignored"] = std::move(ignored);
    }
    return dump(out);
}

std::string deployed_state(const store::WorkRow& work) {
    std::string worst;
    for (const auto& report : work.deployments) {
        if (report.state == "failed") return report.state;
        if (worst != "progressing") worst = report.state;
    }
    return worst;
}

bool deployment_ended(const store::Trail& trail) {
    return trail.settled() &&
           std::all_of(trail.work.begin(), trail.work.end(), [](const store::WorkRow& work) {
               // A pull request may still be merged.
               if (work.outcome->kind == "pull_request") return false;
               if (!is_on_branch(work) && !work.current_since) return true;
               const std::string state = deployed_state(work);
               return state == "applied" || state == "failed";
           });
}

std::string notifications_json(const std::vector<store::OutboxMessage>& page, std::size_t limit) {
    Json items = Json::array();
    for (const auto& row : page) {
        Json item{
            {"id", row.id},
            {"notification", row.sink},
            {"outcome", row.kind},
            {"state", row.state},
            {"created_at", rfc3339(row.created_at)},
            {"attempts", row.attempts},
            {"last_error", optional_text(row.last_error)},
        };
        if (row.state == "pending") item["next_attempt_at"] = rfc3339(row.due_at);
        if (row.done_at) item["ended_at"] = rfc3339(*row.done_at);
        items.push_back(std::move(item));
    }
    Json out{{"notifications", std::move(items)}, {"next", nullptr}};
    if (page.size() == limit && !page.empty()) out["next"] = std::to_string(page.back().seq);
    return dump(out);
}

std::string reported_json(
    const std::string& id, const std::vector<webhooks::DeploymentReport>& reports
) {
    Json items = Json::array();
    for (const auto& report : reports) {
        items.push_back({
            {"object", report.object},
            {"state", std::string{webhooks::to_string(report.state)}},
            {"revision", report.revision},
        });
    }
    return dump(Json{{"id", id}, {"deployments", std::move(items)}});
}

std::string ignored_json(const std::string& id, const std::string& reason) {
    return dump(Json{{"id", id}, {"ignored", reason}});
}

}  // namespace linkspan::pipeline
