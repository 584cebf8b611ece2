// status: targets, holds, and what has not ended well.
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/cli/service_client.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace linkspan::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::array<std::string, 5>;

void print_table(const std::vector<Row>& rows) {
    std::array<std::size_t, 5> widths{};
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    }
}

void print_targets(const Json& targets) {
    std::vector<Row> rows{{"TARGET", "POLICY", "CURRENT", "PENDING", "LAST"}};
    for (const auto& target : targets) {
        for (const auto& policy : target.value("policies", Json::array())) {
            const Json state = policy.value("state", Json::object());
            const auto current = text_of(state.value("current", Json{}), "tag");
            const auto last = text_of(state.value("last", Json{}), "outcome");
            rows.push_back(
                {text_of(target, "name"),
                 text_of(policy, "name"),
                 current.empty() ? "-" : current,
                 std::to_string(state.value("pending", 0)),
                 last.empty() ? "-" : last}
            );
        }
    }
    print_table(rows);
}

void print_holds(const Json& holds) {
    if (holds.empty()) return;
    fmt::print("\nHolds\n");
    for (const auto& hold : holds) {
        const auto tag = text_of(hold, "tag");
        const auto digest = text_of(hold, "digest");
        const auto until = text_of(hold, "until");
        fmt::print(
            "  {} {}{}{}: {} ({}{}{})\n",
            text_of(hold, "target"),
            text_of(hold, "policy"),
            tag.empty() ? "" : " " + tag,
            digest.empty() ? "" : " " + digest,
            text_of(hold, "why"),
            text_of(hold, "who"),
            until.empty() ? "" : ", until ",
            until
        );
    }
}

void print_deliveries(const char* title, const Json& deliveries) {
    if (deliveries.empty()) return;
    fmt::print("\n{}\n", title);
    for (const auto& delivery : deliveries) {
        fmt::print(
            "  {} {} {}\n",
            text_of(delivery, "id"),
            text_of(delivery, "received_at"),
            text_of(delivery, "receiver")
        );
    }
}

int status(const ServiceOptions& options) {
    ServiceClient client{options};
    Json out = Json::object();
    struct Part {
        const char* name;
        const char* path;
        const char* key;
    };
    for (const Part& part : std::vector<Part>{
             {"targets", "/v1/targets", "targets"},
             {"holds", "/v1/holds", "holds"},
             {"pending", "/v1/deliveries?state=pending", "deliveries"},
             {"waiting", "/v1/deliveries?state=waiting", "deliveries"},
             {"failed", "/v1/deliveries?state=failed", "deliveries"},
         }) {
        const auto answer = client.get(part.path);
        if (answer.has_error()) return complain(answer.error());
        if (answer->status != 200) return complain(*answer);
        out[part.name] = answer->body.value(part.key, Json::array());
    }
    if (options.output == "json") {
        print_json(out);
        return kOk;
    }
    print_targets(out["targets"]);
    print_holds(out["holds"]);
    print_deliveries("Pending", out["pending"]);
    print_deliveries("Waiting for another try", out["waiting"]);
    print_deliveries("Dead letters (linkspan replay)", out["failed"]);
    return kOk;
}

}  // namespace

void add_status(CLI::App& app, Run& run) {
    auto options = std::make_shared<ServiceOptions>();
    auto* command =
        app.add_subcommand("status", "Targets, holds, and deliveries that have not ended well");
    command->footer("Lists are cut at 50 deliveries each. Exit code 0 whatever is listed.");
    add_service_options(*command, *options);
    command->callback([options, &run] { run = [options] { return status(*options); }; });
}

}  // namespace linkspan::cli
