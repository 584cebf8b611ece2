// hold, resume, rollback, replay, audit: an operator's calls to a running service.
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/service_client.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

namespace linkspan::cli {
namespace {

using Json = nlohmann::ordered_json;
using SteadyClock = std::chrono::steady_clock;

struct Options {
    ServiceOptions service;
    std::string target;
    std::string policy;
    std::string delivery;
    bool notification = false;
    std::string reason;
    std::string tag;
    std::string digest;
    std::string until;
    std::string to;
    std::string subject;
    std::size_t limit = 50;
    bool wait = false;
};

std::string policy_path(const Options& options, const char* action) {
    return fmt::format(
        "/v1/targets/{}/policies/{}/{}",
        url_encoded(options.target),
        url_encoded(options.policy),
        action
    );
}

Json body_of(const Options& options) {
    Json body{{"reason", options.reason}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) body[name] = value;
    };
    add("tag", options.tag);
    add("digest", options.digest);
    add("until", options.until);
    add("to", options.to);
    return body;
}

// What was asked for is in Git, or proposed.
int exit_code_of(const Json& trail) {
    for (const auto& event : trail.value("events", Json::array())) {
        for (const auto& work : event.value("targets", Json::array())) {
            const auto outcome = text_of(work, "outcome");
            const bool well = outcome == "committed" || outcome == "already_current" ||
                              outcome == "pull_request" || outcome == "merged";
            if (!well) return kNegative;
        }
    }
    return kOk;
}

void print_trail(const Json& trail) {
    for (const auto& event : trail.value("events", Json::array())) {
        for (const auto& work : event.value("targets", Json::array())) {
            const auto outcome = text_of(work, "outcome");
            fmt::print(
                "{} {} {}:{}: {}{}{}\n",
                text_of(work, "target"),
                text_of(work, "policy"),
                text_of(event, "image"),
                text_of(event, "tag"),
                outcome.empty() ? "pending" : outcome,
                text_of(work, "reason").empty() ? "" : ": ",
                text_of(work, "reason")
            );
            if (const auto commit = text_of(work, "commit"); !commit.empty()) {
                fmt::print("  commit {}\n", commit);
            }
        }
    }
}

int follow(ServiceClient& client, const Options& options, const std::string& id) {
    const auto until = SteadyClock::now() + std::chrono::seconds{options.service.timeout};
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::seconds>(until - SteadyClock::now()).count();
        const auto answer = client.get(fmt::format(
            "/v1/deliveries/{}?wait={}s", url_encoded(id), std::clamp<long long>(left, 0, 30)
        ));
        if (answer.has_error()) return complain(answer.error());
        if (answer->status != 200) return complain(*answer);
        const bool settled = answer->body.value("settled", false);
        if (!settled && left > 0) continue;
        if (options.service.output == "json") {
            print_json(answer->body);
        } else {
            print_trail(answer->body);
        }
        return settled ? exit_code_of(answer->body) : kStillPending;
    }
}

// Of an answer that names a delivery.
int started(ServiceClient& client, const Options& options, const ServiceAnswer& answer) {
    const auto id = text_of(answer.body, "id");
    if (options.wait && !id.empty()) return follow(client, options, id);
    if (options.service.output == "json") {
        print_json(answer.body);
    } else {
        fmt::print("delivery {}\n", id);
    }
    return kOk;
}

int hold(const Options& options) {
    ServiceClient client{options.service};
    const auto answer = client.post(policy_path(options, "hold"), body_of(options));
    if (answer.has_error()) return complain(answer.error());
    if (answer->status != 200) return complain(*answer);
    if (options.service.output == "json") {
        print_json(answer->body);
        return kOk;
    }
    const Json one = answer->body.value("hold", Json::object());
    const auto until = text_of(one, "until");
    fmt::print(
        "held: {} {}{}{}\n",
        text_of(one, "target"),
        text_of(one, "policy"),
        options.tag.empty() ? "" : " " + options.tag,
        until.empty() ? "" : " until " + until
    );
    return kOk;
}

int resume(const Options& options) {
    ServiceClient client{options.service};
    const auto answer = client.post(policy_path(options, "resume"), body_of(options));
    if (answer.has_error()) return complain(answer.error());
    if (answer->status != 200) return complain(*answer);
    if (options.service.output == "json") {
        print_json(answer->body);
        return kOk;
    }
    fmt::print("resumed: {} holds cleared\n", answer->body.value("resumed", Json::array()).size());
    const auto id = text_of(answer->body.value("delivery", Json{}), "id");
    fmt::print("{}\n", id.empty() ? "the next push decides" : "delivery " + id);
    return kOk;
}

int rollback(const Options& options) {
    ServiceClient client{options.service};
    const auto answer = client.post(policy_path(options, "rollback"), body_of(options));
    if (answer.has_error()) return complain(answer.error());
    if (answer->status != 202) return complain(*answer);
    return started(client, options, *answer);
}

int resend(const Options& options) {
    ServiceClient client{options.service};
    const auto path = fmt::format("/v1/notifications/{}/replay", url_encoded(options.delivery));
    const auto answer = client.post(path, body_of(options));
    if (answer.has_error()) return complain(answer.error());
    if (answer->status != 202) return complain(*answer);
    fmt::print("{} is sent again\n", options.delivery);
    return kOk;
}

int replay(const Options& options) {
    if (options.notification) return resend(options);
    ServiceClient client{options.service};
    const auto path = fmt::format("/v1/deliveries/{}/replay", url_encoded(options.delivery));
    const auto answer = client.post(path, body_of(options));
    if (answer.has_error()) return complain(answer.error());
    if (answer->status != 202) return complain(*answer);
    return started(client, options, *answer);
}

int audit(const Options& options) {
    ServiceClient client{options.service};
    std::string path = fmt::format("/v1/audit?limit={}", options.limit);
    if (!options.subject.empty()) path += "&subject=" + url_encoded(options.subject);
    const auto answer = client.get(path);
    if (answer.has_error()) return complain(answer.error());
    if (answer->status != 200) return complain(*answer);
    if (options.service.output == "json") {
        print_json(answer->body);
        return kOk;
    }
    for (const auto& entry : answer->body.value("audit", Json::array())) {
        fmt::print(
            "{} {} {} {}: {}\n",
            text_of(entry, "at"),
            text_of(entry, "who"),
            text_of(entry, "action"),
            text_of(entry, "subject"),
            text_of(entry, "why")
        );
    }
    return kOk;
}

CLI::App* add_command(
    CLI::App& app,
    Run& run,
    const std::shared_ptr<Options>& options,
    const char* name,
    const char* what,
    int (*act)(const Options&)
) {
    auto* command = app.add_subcommand(name, what);
    add_service_options(*command, options->service);
    command->callback([options, act, &run] { run = [options, act] { return act(*options); }; });
    return command;
}

void add_place(CLI::App& command, Options& options) {
    command.add_option("TARGET", options.target, "Name of the target")->required();
    command.add_option("POLICY", options.policy, "name or namespace:name")->required();
}

void add_reason(CLI::App& command, Options& options) {
    command.add_option("--reason", options.reason, "Why; stands in the audit record")->required();
}

}  // namespace

void add_operate(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = add_command(app, run, options, "hold", "Hold a policy, or one tag of it", hold);
    add_place(*command, *options);
    add_reason(*command, *options);
    command->add_option("--tag", options->tag, "Only this tag");
    command->add_option("--digest", options->digest, "Only this digest");
    command->add_option("--until", options->until, "A time (RFC 3339), or how long (2h)");
    command->footer(
        "Example: linkspan hold prod flux-system:app --tag 1.5.0 --reason 'login is broken'"
    );

    options = std::make_shared<Options>();
    command = add_command(app, run, options, "resume", "End a hold, and decide again", resume);
    add_place(*command, *options);
    add_reason(*command, *options);
    command->add_option(
        "--tag", options->tag, "Only holds of this tag; without: all of the policy"
    );

    options = std::make_shared<Options>();
    command = add_command(
        app,
        run,
        options,
        "rollback",
        "Go back to what was replaced, and hold the bad tag",
        rollback
    );
    add_place(*command, *options);
    add_reason(*command, *options);
    command->add_option("--to", options->to, "The tag to go back to");
    command->add_flag("--wait", options->wait, "Wait for the outcome and print it");

    options = std::make_shared<Options>();
    command =
        add_command(app, run, options, "replay", "Decide about a delivery's events again", replay);
    command->add_option("DELIVERY", options->delivery, "Its id")->required();
    command->add_flag(
        "--notification",
        options->notification,
        "It is the id of a notification that was given up on: send that again"
    );
    add_reason(*command, *options);
    command->add_flag("--wait", options->wait, "Wait for the outcome and print it");

    options = std::make_shared<Options>();
    command = add_command(app, run, options, "audit", "Who did what, and why, newest first", audit);
    command->add_option("--subject", options->subject, "targets/NAME/policies/NAME, deliveries/ID");
    command->add_option("--limit", options->limit, "At most so many")
        ->check(CLI::Range(1, 500))
        ->capture_default_str();
}

}  // namespace linkspan::cli
