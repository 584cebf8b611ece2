// linkspan: the bridge between image pushes and manifest repositories. Each command is in
// service/cli.
#include "service/cli/commands.h"
#include "service/cli/exit_code.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    using namespace linkspan;
    CLI::App app{"linkspan: from an image push to a commit that says what runs"};
    app.set_version_flag("--version", "linkspan " LINKSPAN_VERSION);
    app.require_subcommand(1);
    app.fallthrough(false);
    app.footer("Each command has its own --help. The documentation is in docs/.");

    cli::Run run;
    cli::add_serve(app, run);
    cli::add_check(app, run);
    cli::add_edit(app, run);
    cli::add_plan(app, run);
    cli::add_policy(app, run);
    cli::add_webhook(app, run);
    cli::add_notify(app, run);
    cli::add_status(app, run);
    cli::add_operate(app, run);
    cli::add_health(app, run);
    cli::add_completion(app, run);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& e) {
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        app.exit(e);
        return cli::kUsage;
    }
    try {
        return run ? run() : static_cast<int>(cli::kUsage);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "linkspan: internal error: %s\n", e.what());
        return cli::kSoftware;
    }
}
