// The commands: each adds itself to the parser, with its help, and leaves what to run when it was
// chosen.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace linkspan::cli {

// What the chosen command does; returns an exit code.
using Run = std::function<int()>;

void add_serve(CLI::App& app, Run& run);
void add_check(CLI::App& app, Run& run);
void add_edit(CLI::App& app, Run& run);
void add_plan(CLI::App& app, Run& run);
void add_policy(CLI::App& app, Run& run);
void add_webhook(CLI::App& app, Run& run);
void add_notify(CLI::App& app, Run& run);
void add_status(CLI::App& app, Run& run);
void add_operate(CLI::App& app, Run& run);  // hold, resume, rollback, replay, audit
void add_health(CLI::App& app, Run& run);
void add_completion(CLI::App& app, Run& run);

}  // namespace linkspan::cli
