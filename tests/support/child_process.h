// ChildProcess: a program that a test started, and ends by its own pid.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::support {

struct ChildOptions {
    std::vector<std::string> argv{};                         // argv[0] is looked up in PATH
    std::vector<std::pair<std::string, std::string>> env{};  // set beside the test's own
    std::string directory{};                                 // empty: the test's own
    std::string input{};                                     // file for stdin; empty: /dev/null
    std::string output{};                                    // file for stdout; empty: /dev/null
    std::string errors{};  // file for stderr; empty: where stdout goes
};

class ChildProcess {
public:
    // Throws when the program can't be started. The child is killed when the thread that started it
    // ends, even by a crash.
    explicit ChildProcess(const ChildOptions& options);
    // Terminates and, after a grace of two seconds, kills.
    ~ChildProcess();
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    // Exit code, or 128 + signal; nullopt while it still runs after `longest`.
    std::optional<int> wait(std::chrono::milliseconds longest);
    [[nodiscard]] bool running() { return !wait(std::chrono::milliseconds{0}); }
    void signal(int number) const;  // nothing when it has ended
    void stop();

private:
    pid_t pid_ = -1;
    std::optional<int> exit_;
};

struct Finished {
    int exit_code = -1;
    std::string output;
    std::string errors;
};
// Runs to the end; throws when it can't start or takes longer.
Finished run(
    const std::vector<std::string>& argv,
    std::string_view input = {},
    std::chrono::milliseconds longest = std::chrono::minutes{2}
);
// The same, and throws with its output unless it exits with 0.
std::string run_ok(const std::vector<std::string>& argv, std::string_view input = {});

// Whether PATH has the program: tests that need a neighbour skip without it.
bool has_program(std::string_view name);

}  // namespace linkspan::support
