#include "config/config.h"
#include "core/policy/select.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/files.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

namespace linkspan::cli {
namespace {

struct Options {
    std::string policy;
    std::string tags;
    std::string output = "json";
};

// One tag a line, optionally followed by a tab and the time it was created; empty lines and CR at
// the end are passed over.
std::vector<policy::KnownTag> read_tags(std::string_view text) {
    std::vector<policy::KnownTag> tags;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) continue;
        policy::KnownTag known;
        const std::size_t tab = line.find('\t');
        known.tag = line.substr(0, tab);
        if (tab != std::string_view::npos && tab + 1 < line.size()) {
            known.created = std::string{line.substr(tab + 1)};
        }
        tags.push_back(std::move(known));
    }
    return tags;
}

void print_json(const policy::Explanation& explanation) {
    nlohmann::ordered_json rejected = nlohmann::ordered_json::object();
    for (const auto& [tag, reason] : explanation.rejected) rejected[tag] = reason;
    const nlohmann::ordered_json out{
        {"selected",
         explanation.selected ? nlohmann::ordered_json(*explanation.selected)
                              : nlohmann::ordered_json(nullptr)},
        {"candidates", explanation.candidates},
        {"considered", explanation.considered},
        {"rejected", std::move(rejected)},
        {"why", explanation.why},
    };
    fmt::print("{}\n", out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_text(const policy::Explanation& explanation) {
    fmt::print("selected:   {}\n", explanation.selected.value_or("(none)"));
    fmt::print("why:        {}\n", explanation.why);
    fmt::print("considered: {} tags\n", explanation.considered);
    if (!explanation.candidates.empty()) {
        fmt::print("candidates, best first:\n");
        for (const auto& tag : explanation.candidates) fmt::print("  {}\n", tag);
    }
    if (!explanation.rejected.empty()) {
        std::size_t width = 0;
        for (const auto& [tag, reason] : explanation.rejected) width = std::max(width, tag.size());
        fmt::print("rejected:\n");
        for (const auto& [tag, reason] : explanation.rejected) {
            fmt::print("  {:<{}}  {}\n", tag, width, reason);
        }
    }
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
    const auto explanation = policy::select(*loaded.policy, read_tags(*tags));
    if (explanation.has_error()) {
        fmt::print(stderr, "{}: {}\n", options.policy, explanation.error().message);
        return kMalformed;
    }
    options.output == "json" ? print_json(*explanation) : print_text(*explanation);
    return explanation->selected ? kOk : kNegative;
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
            "Tags, one a line, optionally tag<TAB>RFC 3339 creation time; - is standard input"
        )
        ->required();
    command->add_option("--output", options->output, "json or text")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return select(*options); }; });
}

}  // namespace linkspan::cli
