#include "config/config.h"
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace linkspan::cli {
namespace {

struct Options {
    std::string file;
    std::string output = "text";
};

int check(const Options& options) {
    config::Loaded loaded = config::load_file(options.file);
    if (options.output == "json") {
        nlohmann::ordered_json problems = nlohmann::ordered_json::array();
        for (const auto& d : loaded.diagnostics) {
            problems.push_back(
                {{"file", d.file}, {"line", d.line}, {"column", d.column}, {"message", d.message}}
            );
        }
        fmt::print(
            "{}\n",
            nlohmann::ordered_json{{"valid", loaded.config != nullptr}, {"problems", problems}}
                .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
        );
    } else {
        for (const auto& diagnostic : loaded.diagnostics) fmt::print("{}\n", diagnostic.str());
        if (loaded.config) {
            fmt::print(
                "{}: valid: {} receivers, {} repositories, {} policies, {} targets\n",
                options.file,
                loaded.config->receivers.size(),
                loaded.config->repositories.size(),
                loaded.config->policies.size(),
                loaded.config->targets.size()
            );
        }
    }
    return loaded.config ? kOk : kNegative;
}

}  // namespace

void add_check(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand("check", "Validate a configuration file");
    command->footer(
        "Prints every problem with file, line, column and the nearest valid key. Exit code 1 when "
        "there is any.\n"
        "Example: linkspan check linkspan.yaml"
    );
    command->add_option("FILE", options->file, "The configuration, usually linkspan.yaml")
        ->required();
    command->add_option("--output", options->output, "json or text")
        ->check(CLI::IsMember({"json", "text"}))
        ->capture_default_str();
    command->callback([options, &run] { run = [options] { return check(*options); }; });
}

}  // namespace linkspan::cli
