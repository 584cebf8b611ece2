#include "tests/support/child_process.h"

#include "tests/support/temp_dir.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

extern char** environ;

namespace linkspan::support {
namespace {

// Only async-signal-safe calls from here to exec: the test may have other threads.
bool redirect(const char* path, int flags, int to) {
    const int fd = ::open(path, flags, 0600);
    if (fd < 0) return false;
    if (fd != to) {
        if (::dup2(fd, to) < 0) return false;
        ::close(fd);
    }
    return true;
}

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        const std::string candidate = std::string{rest.substr(0, colon)} + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        if (colon == std::string_view::npos) break;
        rest.remove_prefix(colon + 1);
    }
    // Debian keeps servers out of users' PATH.
    const std::string system = "/usr/sbin/" + name;
    return ::access(system.c_str(), X_OK) == 0 ? system : std::string{};
}

std::vector<std::string> make_environment(
    const std::vector<std::pair<std::string, std::string>>& added
) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view line{*entry};
        const auto name = line.substr(0, line.find('='));
        bool replaced = false;
        for (const auto& [key, value] : added) replaced = replaced || key == name;
        if (!replaced) out.emplace_back(line);
    }
    for (const auto& [key, value] : added) out.push_back(key + "=" + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> out;
    for (auto& text : strings) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

ChildProcess::ChildProcess(const ChildOptions& options) {
    const std::string program = options.argv.empty() ? "" : find_program(options.argv.front());
    if (program.empty()) {
        throw std::runtime_error{
            "no such program: " + (options.argv.empty() ? "(none)" : options.argv.front())};
    }
    auto arguments = options.argv;
    auto environment = make_environment(options.env);
    const auto argv = pointers(arguments);
    const auto envp = pointers(environment);
    const std::string input = options.input.empty() ? "/dev/null" : options.input;
    const std::string output = options.output.empty() ? "/dev/null" : options.output;
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::system_error{errno, std::generic_category(), "fork"};
    if (pid_ == 0) {
        constexpr int kWrite = O_WRONLY | O_CREAT | O_APPEND;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        const bool ready = ::getppid() == parent && redirect(input.c_str(), O_RDONLY, 0) &&
                           redirect(output.c_str(), kWrite, 1) &&
                           (options.errors.empty() ? ::dup2(1, 2) >= 0
                                                   : redirect(options.errors.c_str(), kWrite, 2)) &&
                           (options.directory.empty() || ::chdir(options.directory.c_str()) == 0);
        // Descriptors of the test's own servers and connections are not the child's business.
        if (ready) {
            ::syscall(SYS_close_range, 3U, ~0U, 0U);
            ::execve(program.c_str(), argv.data(), envp.data());
        }
        ::_exit(127);
    }
}

ChildProcess::~ChildProcess() { stop(); }

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)}, exit_{other.exit_} {}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds longest) {
    if (exit_ || pid_ < 0) return exit_;
    if (longest.count() > 0) {
        const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U));
        if (fd >= 0) {
            pollfd entry{fd, POLLIN, 0};
            ::poll(&entry, 1, static_cast<int>(longest.count()));
            ::close(fd);
        }
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return exit_;
}

void ChildProcess::signal(int number) const {
    if (pid_ > 0 && !exit_) ::kill(pid_, number);
}

void ChildProcess::stop() {
    if (pid_ < 0 || wait(std::chrono::milliseconds{0})) return;
    signal(SIGTERM);
    if (wait(std::chrono::seconds{2})) return;
    signal(SIGKILL);
    wait(std::chrono::seconds{5});
}

Finished run(
    const std::vector<std::string>& argv, std::string_view input, std::chrono::milliseconds longest
) {
    const TempDir dir;
    ChildOptions options;
    options.argv = argv;
    options.input = dir.write("in", input);
    options.output = dir.write("out", "");
    options.errors = dir.write("err", "");
    ChildProcess child{options};
    const auto code = child.wait(longest);
    if (!code) throw std::runtime_error{argv.front() + " did not end in time"};
    return {*code, read_file(options.output), read_file(options.errors)};
}

std::string run_ok(const std::vector<std::string>& argv, std::string_view input) {
    auto done = run(argv, input);
    if (done.exit_code != 0) {
        std::string line;
        for (const auto& argument : argv) line += argument + " ";
        throw std::runtime_error{
            line + "exited with " + std::to_string(done.exit_code) + ": " + done.errors +
            done.output};
    }
    return std::move(done.output);
}

bool has_program(std::string_view name) { return !find_program(std::string{name}).empty(); }

}  // namespace linkspan::support
