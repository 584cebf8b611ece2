#include "config/config.h"
#include "core/policy/gates.h"
#include "core/policy/instant.h"
#include "core/policy/select.h"
#include "core/policy/soak.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::cli {
namespace {

struct Options {
    std::string policy;
    std::string tags;
    std::string at;  // RFC 3339; empty: now
    std::string output = "json";
};

// One tag a line, optionally followed by a tab and the time it was created, and another and the
// time it was first seen; empty lines and CR at the end are passed over.
std::vector<policy::KnownTag> read_tags(std::string_view text) {
    std::vector<policy::KnownTag> tags;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        policy::KnownTag known;
        const auto next_field = [&line] {
            const std::string_view field = line.substr(0, line.find('\t'));
            line.remove_prefix(std::min(line.size(), field.size() + 1));
            return std::string{field};
        };
        known.tag = next_field();
        if (std::string created = next_field(); !created.empty()) known.created = created;
        if (std::string seen = next_field(); !seen.empty()) known.first_seen = seen;
        tags.push_back(std::move(known));
    }
    return tags;
}

using policy::TimePoint;

std::optional<TimePoint> read_time(std::string_view text) {
    const auto instant = policy::read_instant(text);
    if (!instant) return std::nullopt;
    return std::chrono::sys_seconds{std::chrono::seconds{instant->seconds}};
}

std::string write_time(TimePoint at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch();
    return policy::write({.seconds = seconds.count(), .fraction = {}});
}

// What the command can say: the selection, and the gates whose facts are there.
struct Outcome {
    policy::Explanation explanation;
    std::optional<policy::Waiting> waiting;
    std::vector<policy::GateLine> gates;
};

Outcome pass(
    policy::Policy policy,
    policy::Explanation selection,
    const std::vector<policy::KnownTag>& tags,
    TimePoint now
) {
    std::map<std::string, TimePoint, std::less<>> seen;
    for (const auto& known : tags) {
        const auto at = known.first_seen ? read_time(*known.first_seen) : std::nullopt;
        if (at) seen.emplace(known.tag, *at);
    }
    const policy::FirstSeen first_seen = [&](std::string_view tag) -> std::optional<TimePoint> {
        const auto found = seen.find(tag);
        if (found == seen.end()) return std::nullopt;
        return found->second;
    };
    const policy::Wants asked = policy::wants(policy);
    if (seen.empty()) policy.soak = {};
    policy.platforms.clear();
    policy.labels.clear();
    policy.signature.clear();

    auto choice = policy::choose_soaked(policy, std::move(selection), first_seen, now, {});
    Outcome out{
        .explanation = std::move(choice.explanation),
        .waiting = std::move(choice.waiting),
        .gates = {}};
    if (!out.explanation.selected) return out;
    policy::GateFacts facts{.tag = *out.explanation.selected};
    facts.first_seen = first_seen(facts.tag);
    auto answer = policy::pass_gates(policy, {}, facts, now);
    out.gates = std::move(answer.gates);
    if (const auto* waits = std::get_if<policy::Waiting>(&answer.verdict)) out.waiting = *waits;
    const auto unknown = [&](bool is_asked, std::string_view gate, std::string_view why) {
        if (!is_asked) return;
        out.gates.push_back(
            {.gate = gate,
             .outcome = policy::GateLine::Outcome::NotJudged,
             .reason = std::string{why},
             .until = {}}
        );
    };
    unknown(
        asked.first_seen && seen.empty(),
        "soak",
        "the tags do not say when they were first seen (third column)"
    );
    unknown(asked.platforms, "platforms", "only the registry knows");
    unknown(asked.labels, "labels", "only the registry knows");
    unknown(asked.signature, "signature", "only the registry knows");
    return out;
}

using Json = nlohmann::ordered_json;

void print_json(const Outcome& outcome) {
    const policy::Explanation& explanation = outcome.explanation;
    Json rejected = Json::object();
    for (const auto& [tag, reason] : explanation.rejected) rejected[tag] = reason;
    Json out{
        {"selected", explanation.selected ? Json(*explanation.selected) : Json(nullptr)},
        {"candidates", explanation.candidates},
        {"considered", explanation.considered},
        {"rejected", std::move(rejected)},
        {"why", explanation.why},
    };
    if (outcome.waiting) {
        out["waiting"] = {
            {"until", write_time(outcome.waiting->until)}, {"why", outcome.waiting->why}};
    }
    if (!outcome.gates.empty()) out["gates"] = Json::array();
    for (const policy::GateLine& line : outcome.gates) {
        Json gate{
            {"gate", line.gate},
            {"outcome", policy::outcome_name(line.outcome)},
            {"reason", line.reason}};
        if (line.until) gate["until"] = write_time(*line.until);
        out["gates"].push_back(std::move(gate));
    }
    fmt::print("{}\n", out.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// What is said of each stands in one column.
void print_table(
    std::string_view title, const std::vector<std::pair<std::string, std::string>>& rows
) {
    if (rows.empty()) return;
    std::size_t width = 0;
    for (const auto& [left, right] : rows) width = std::max(width, left.size());
    fmt::print("{}:\n", title);
    for (const auto& [left, right] : rows) {
        if (right.empty()) {
            fmt::print("  {}\n", left);
        } else {
            fmt::print("  {:<{}}  {}\n", left, width, right);
        }
    }
}

void print_text(
    const policy::Policy& policy, const Outcome& outcome, const std::vector<policy::KnownTag>& tags
) {
    const policy::Explanation& explanation = outcome.explanation;
    fmt::print("selected:   {}\n", explanation.selected.value_or("(none)"));
    fmt::print("why:        {}\n", explanation.why);
    fmt::print("considered: {} tags\n", explanation.considered);
    std::vector<std::pair<std::string, std::string>> rows;
    const bool by_time = std::holds_alternative<policy::Newest>(policy.select);
    std::map<std::string_view, const policy::KnownTag*> known;
    if (by_time) {
        for (const auto& tag : tags) known.emplace(tag.tag, &tag);
    }
    const auto readings = policy::readings(policy, explanation.candidates);
    for (std::size_t i = 0; i < readings.size(); ++i) {
        const std::string& tag = explanation.candidates[i];
        std::string reading;
        if (by_time) {
            const policy::KnownTag& facts = *known.at(tag);
            reading = facts.created ? "created " + *facts.created
                                    : "first seen " + facts.first_seen.value_or("");
        } else if (readings[i] != tag) {
            reading = "compared by " + readings[i];
        }
        rows.emplace_back(tag, std::move(reading));
    }
    print_table("candidates, best first", rows);
    rows.clear();
    for (const auto& [tag, reason] : explanation.rejected) rows.emplace_back(tag, reason);
    print_table("rejected", rows);
    rows.clear();
    for (const policy::GateLine& line : outcome.gates) {
        rows.emplace_back(
            fmt::format("{} {}", line.gate, policy::outcome_name(line.outcome)), line.reason
        );
    }
    print_table("gates", rows);
}

int select(const Options& options) {
    const auto text = read_file(options.policy);
    if (text.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", text.error().message);
        return kNoInput;
    }
    const config::LoadedPolicy loaded = config::load_policy(*text, options.policy);
    if (!loaded.policy) {
        for (const auto& d : loaded.diagnostics) fmt::print(stderr, "{}\n", d.str());
        return kMalformed;
    }
    const auto tags = read_file(options.tags);
    if (tags.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", tags.error().message);
        return kNoInput;
    }
    const std::optional<TimePoint> at =
        options.at.empty() ? std::chrono::system_clock::now() : read_time(options.at);
    if (!at) {
        fmt::print(stderr, "linkspan: --at: write a time like 2026-06-01T12:00:00Z\n");
        return kUsage;
    }
    const std::vector<policy::KnownTag> known = read_tags(*tags);
    const auto explanation = policy::select_every(*loaded.policy, known);
    if (explanation.has_error()) {
        fmt::print(stderr, "{}: {}\n", options.policy, explanation.error().message);
        return kMalformed;
    }
    const Outcome outcome = pass(*loaded.policy, *explanation, known, *at);
    if (options.output == "json") {
        print_json(outcome);
    } else {
        print_text(*loaded.policy, outcome, known);
    }
    return outcome.explanation.selected ? kOk : kNegative;
}

}  // namespace

void add_policy(CLI::App& app, Run& run) {
    auto* policy = app.add_subcommand("policy", "Try policies without a service");
    policy->require_subcommand(1);
    auto options = std::make_shared<Options>();
    auto* command = policy->add_subcommand("select", "Which tag would a policy choose, and why");
    command->footer(
        "Exit code 1 when no tag is selected, 2 when the policy does not read.\n"
        "Example: skopeo list-tags docker://registry.example.com/acme/app | jq -r '.Tags[]' |\n"
        "         linkspan policy select --policy app.yaml --tags - --output text"
    );
    command
        ->add_option(
            "--policy", options->policy, "One policies[] entry of a configuration, as YAML"
        )
        ->required();
    command
        ->add_option(
            "--tags",
            options->tags,
            "Tags, one a line, optionally tag<TAB>RFC 3339 creation time<TAB>when it was first "
            "seen; - is standard input"
        )
        ->required();
    command->add_option(
        "--at", options->at, "The time for windows and soak, as RFC 3339; the default is now"
    );
    command->add_option("--output", options->output, "json or text")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return select(*options); }; });
}

}  // namespace linkspan::cli
