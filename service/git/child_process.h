// ChildProcess: a program with pipes to its input, output and errors, and an end.
//
// The child leads a session of its own, so that it has no terminal to ask questions on, and so that
// what it starts can be ended with it. No SIGPIPE comes from a child that went away. When the owner
// goes, a child that still runs gets SIGTERM (Git removes its lock files then) and soon SIGKILL.
#pragma once

#include "core/result.h"
#include "service/git/deadline.h"

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::git {

struct Command {
    std::vector<std::string> argv;  // argv[0] is looked up in PATH
    std::vector<std::string> env;   // "NAME=value", over the environment of this process
};

class ChildProcess {
public:
    // `name` is for messages. Errors: Unavailable when the program can't be started.
    static Result<ChildProcess> start(const Command& command, std::string name);
    ~ChildProcess();
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;

    // Writes everything; keeps reading the child's errors meanwhile, and its output into a buffer,
    // so that neither side waits for the other for ever.
    Status write(std::string_view bytes, Deadline& deadline);
    void close_input();
    // Waits for output; 0 at its end.
    Result<std::size_t> read(char* buffer, std::size_t size, Deadline& deadline);
    // Waits for the end; the exit code, or 128 + signal.
    Result<int> wait(Deadline& deadline);
    // The beginning of what the child wrote to its standard error.
    [[nodiscard]] const std::string& errors() const { return errors_; }

private:
    ChildProcess(pid_t pid, int input, int output, int errors, std::string name);
    // Moves what is ready; waits for up to the deadline when nothing is.
    Status pump(bool want_output, bool want_input, Deadline& deadline, bool& input_ready);
    bool take_errors();
    bool take_output();
    bool reaped();

    pid_t pid_;
    int input_;
    int output_;
    int errors_fd_;
    std::string name_;
    std::string errors_;
    std::string pending_;
    int exit_code_ = -1;
};

}  // namespace linkspan::git
