#include "core/policy/gates.h"

#include "core/duration.h"
#include "core/image/quote.h"
#include "core/policy/instant.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace linkspan::policy {

namespace {

using Outcome = GateLine::Outcome;

std::string when(TimePoint at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    return write(Instant{.seconds = seconds.time_since_epoch().count(), .fraction = {}});
}

GateLine soak_gate(const Policy& policy, const GateFacts& facts, TimePoint now) {
    const TimePoint since = facts.first_seen.value_or(now);
    const TimePoint until = since + policy.soak;
    GateLine out{.gate = "soak", .outcome = Outcome::Passed, .reason = {}, .until = {}};
    if (until > now) {
        out.outcome = Outcome::Waiting;
        out.until = until;
        out.reason = fmt::format(
            "{} soaks for {} since {}, until {}",
            facts.tag,
            format_duration(policy.soak),
            when(since),
            when(until)
        );
    } else {
        out.reason = fmt::format(
            "{} is there since {}, which is {} or more",
            facts.tag,
            when(since),
            format_duration(policy.soak)
        );
    }
    return out;
}

GateLine schedule_gate(const Schedule& schedule, TimePoint now) {
    GateLine out{.gate = "schedule", .outcome = Outcome::Passed, .reason = "open", .until = {}};
    Opening state = opening(schedule, now);
    if (state.open) return out;
    const auto next = next_open(schedule, now);
    out.reason = std::move(state.why);
    if (next) {
        out.outcome = Outcome::Waiting;
        out.until = next;
        out.reason += fmt::format("; it opens {}", when(*next));
    } else {
        out.outcome = Outcome::Refused;
        out.reason += "; it does not open again";
    }
    return out;
}

std::string enumerate(const std::vector<image::Platform>& platforms) {
    constexpr std::size_t kMost = 8;
    std::string out;
    for (std::size_t i = 0; i < std::min(platforms.size(), kMost); ++i) {
        if (i > 0) out += ", ";
        out += platforms[i].str();
    }
    if (platforms.size() > kMost) out += fmt::format(" and {} more", platforms.size() - kMost);
    return out;
}

GateLine platforms_gate(const Policy& policy, const GateFacts& facts) {
    GateLine out{.gate = "platforms", .outcome = Outcome::Refused, .reason = {}, .until = {}};
    if (!facts.platforms) {
        out.reason = "which platforms the image is for is not known";
        return out;
    }
    std::vector<image::Platform> missing;
    for (const image::Platform& wanted : policy.platforms) {
        const bool there =
            std::any_of(facts.platforms->begin(), facts.platforms->end(), [&](const auto& p) {
                return p.satisfies(wanted);
            });
        if (!there) missing.push_back(wanted);
    }
    if (missing.empty()) {
        out.outcome = Outcome::Passed;
        out.reason = "there for " + enumerate(policy.platforms);
    } else {
        out.reason = fmt::format(
            "not there for {}; it is for {}",
            enumerate(missing),
            facts.platforms->empty() ? "none" : enumerate(*facts.platforms)
        );
    }
    return out;
}

GateLine labels_gate(const Policy& policy, const GateFacts& facts) {
    GateLine out{.gate = "labels", .outcome = Outcome::Refused, .reason = {}, .until = {}};
    if (!facts.labels) {
        out.reason = "the image's labels are not known";
        return out;
    }
    for (const LabelRule& rule : policy.labels) {
        const auto label = facts.labels->find(rule.key);
        if (label == facts.labels->end()) {
            out.reason = fmt::format("it has no label {}", image::quote(rule.key));
            return out;
        }
        if (!holds(rule, label->second)) {
            out.reason = fmt::format(
                "label {} is {}, not {}",
                image::quote(rule.key),
                image::quote(label->second),
                image::quote(rule.expected)
            );
            return out;
        }
    }
    out.outcome = Outcome::Passed;
    out.reason = fmt::format(
        "{} label{} as named", policy.labels.size(), policy.labels.size() == 1 ? "" : "s"
    );
    return out;
}

GateLine signature_gate(const GateFacts& facts) {
    GateLine out{.gate = "signature", .outcome = Outcome::Refused, .reason = {}, .until = {}};
    if (!facts.signature) {
        out.reason = "whether it is signed is not known";
    } else if (const auto* by = std::get_if<SignedBy>(&*facts.signature)) {
        out.outcome = Outcome::Passed;
        out.reason = fmt::format("signed by {} ({})", by->key, by->where);
    } else {
        out.reason = std::get<NotSigned>(*facts.signature).reason;
    }
    return out;
}

GateVerdict verdict_of(const std::vector<GateLine>& gates) {
    const GateLine* waits = nullptr;
    for (const GateLine& line : gates) {
        if (line.outcome == Outcome::Refused) {
            return Refused{fmt::format("{}: {}", line.gate, line.reason)};
        }
        if (line.until && (waits == nullptr || *line.until > *waits->until)) waits = &line;
    }
    if (waits == nullptr) return Open{};
    return Waiting{
        .until = *waits->until, .why = fmt::format("{}: {}", waits->gate, waits->reason)};
}

}  // namespace

Wants wants(const Policy& policy) {
    return {
        .first_seen = policy.soak > policy.soak.zero(),
        .platforms = !policy.platforms.empty(),
        .labels = !policy.labels.empty(),
        .signature = !policy.signature.empty()};
}

std::string_view outcome_name(GateLine::Outcome outcome) {
    switch (outcome) {
        case Outcome::Passed:
            return "passed";
        case Outcome::Waiting:
            return "waiting";
        case Outcome::Refused:
            return "refused";
        case Outcome::NotJudged:
            return "not_judged";
    }
    return "not_judged";
}

GateAnswer pass_gates(
    const Policy& policy, const Schedule& target, const GateFacts& facts, TimePoint now
) {
    const Wants asked = wants(policy);
    const Schedule schedule = both(policy.schedule, target);
    GateAnswer out;
    auto& gates = out.gates;
    if (asked.first_seen) gates.push_back(soak_gate(policy, facts, now));
    if (!schedule.always_open()) gates.push_back(schedule_gate(schedule, now));
    const bool waits = std::any_of(gates.begin(), gates.end(), [](const GateLine& line) {
        return line.outcome != Outcome::Passed;
    });
    const auto judge_fact = [&](bool is_asked, std::string_view name, const auto& gate) {
        if (!is_asked) return;
        if (!waits) {
            gates.push_back(gate());
            return;
        }
        gates.push_back(
            {.gate = name,
             .outcome = Outcome::NotJudged,
             .reason = "judged when nothing waits",
             .until = {}}
        );
    };
    judge_fact(asked.platforms, "platforms", [&] { return platforms_gate(policy, facts); });
    judge_fact(asked.labels, "labels", [&] { return labels_gate(policy, facts); });
    judge_fact(asked.signature, "signature", [&] { return signature_gate(facts); });
    out.verdict = verdict_of(gates);
    return out;
}

}  // namespace linkspan::policy
