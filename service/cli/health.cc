#include "service/cli/commands.h"
#include "service/cli/exit_code.h"
#include "service/transport/http_client.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

namespace linkspan::cli {
namespace {

struct Options {
    std::string url = "http://127.0.0.1:8080";
    std::string ca_file;
};

int health(const Options& options) {
    transport::HttpClientOptions client_options;
    client_options.ca_file = options.ca_file;
    transport::HttpClient client{client_options};
    transport::HttpRequest request;
    std::string base = options.url;
    while (base.ends_with('/')) base.pop_back();
    request.url = base + "/readyz";
    request.timeout = std::chrono::seconds{4};
    const auto answer = client.send(request);
    if (answer.has_error()) {
        fmt::print(stderr, "linkspan: {}\n", answer.error().message);
        return kUnavailable;
    }
    fmt::print("{}\n", answer->body);
    return answer->status == 200 ? kOk : kNegative;
}

}  // namespace

void add_health(CLI::App& app, Run& run) {
    auto options = std::make_shared<Options>();
    auto* command = app.add_subcommand(
        "health", "Ask a service whether it is ready: for container health checks"
    );
    command->footer("Exit code 0 when ready, 1 when not, 69 when it can't be reached.");
    command->add_option("--url", options->url, "The service")->capture_default_str();
    command->add_option("--ca-file", options->ca_file, "CA certificates for its TLS");
    command->callback([options, &run] { run = [options] { return health(*options); }; });
}

}  // namespace linkspan::cli
