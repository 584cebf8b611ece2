#include "service/git/child_process.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

extern char** environ;  // NOLINT: POSIX has no header for it

namespace linkspan::git {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kErrorsKept = 16 * 1024;
constexpr std::size_t kChunk = 64 * 1024;
// Time between SIGTERM and SIGKILL.
constexpr milliseconds kGrace{1000};

// A repository or protocol version that our own environment names must not reach the child.
constexpr std::array<std::string_view, 10> kNotInherited{
    "GIT_DIR=",
    "GIT_WORK_TREE=",
    "GIT_INDEX_FILE=",
    "GIT_OBJECT_DIRECTORY=",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES=",
    "GIT_QUARANTINE_PATH=",
    "GIT_NAMESPACE=",
    "GIT_PROTOCOL=",
    "GIT_COMMON_DIR=",
    "LC_ALL=",
};

std::vector<std::string> environment(const std::vector<std::string>& additions) {
    std::vector<std::string> result;
    const auto overridden = [&](std::string_view entry) {
        const auto name = entry.substr(0, entry.find('=') + 1);
        return std::any_of(
                   kNotInherited.begin(), kNotInherited.end(), [&](auto n) { return n == name; }
               ) ||
               std::any_of(additions.begin(), additions.end(), [&](const std::string& a) {
                   return a.compare(0, name.size(), name) == 0;
               });
    };
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        if (!overridden(*entry)) result.emplace_back(*entry);
    }
    // The messages of ssh and git are read below, so they must be in one language.
    result.emplace_back("LC_ALL=C");
    result.insert(result.end(), additions.begin(), additions.end());
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

struct Fd {
    int value = -1;
    Fd() = default;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (value >= 0) ::close(value);
    }
    int release() { return std::exchange(value, -1); }
};

bool make_pipe(Fd& reader, Fd& writer) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    reader.value = ends[0];
    writer.value = ends[1];
    return true;
}

// A socket rather than a pipe: send() can be told not to raise SIGPIPE.
bool make_socket(Fd& ours, Fd& theirs) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
    ours.value = ends[0];
    theirs.value = ends[1];
    return true;
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

int spawn(const Command& command, int input, int output, int errors, pid_t& pid) {
    auto argv_text = command.argv;
    auto env_text = environment(command.env);
    auto argv = pointers(argv_text);
    auto env = pointers(env_text);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    // Asio's sockets are not close-on-exec: a child that outlives us would keep the port that we
    // listen on, and connections would stay open that we have closed.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    sigset_t none;
    sigset_t reset;
    sigemptyset(&none);
    sigemptyset(&reset);
    for (int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGQUIT}) {
        sigaddset(&reset, signal);
    }
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &reset);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    );
    const int error = ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), env.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const Command& command, std::string name) {
    Fd our_input;
    Fd their_input;
    Fd our_output;
    Fd their_output;
    Fd our_errors;
    Fd their_errors;
    if (!make_socket(our_input, their_input) || !make_pipe(our_output, their_output) ||
        !make_pipe(our_errors, their_errors)) {
        return Error{Errc::Unavailable, fmt::format("starting {}: {}", name, std::strerror(errno))};
    }
    pid_t pid = -1;
    const int error =
        spawn(command, their_input.value, their_output.value, their_errors.value, pid);
    if (error == ENOENT) {
        return Error{
            Errc::Unavailable,
            fmt::format("the program '{}' is not installed, and is needed here", command.argv[0])};
    }
    if (error != 0) {
        return Error{Errc::Unavailable, fmt::format("starting {}: {}", name, std::strerror(error))};
    }
    for (int fd : {our_input.value, our_output.value, our_errors.value}) set_nonblocking(fd);
    return ChildProcess{
        pid, our_input.release(), our_output.release(), our_errors.release(), std::move(name)};
}

ChildProcess::ChildProcess(pid_t pid, int input, int output, int errors, std::string name)
    : pid_{pid}, input_{input}, output_{output}, errors_fd_{errors}, name_{std::move(name)} {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)},
      input_{std::exchange(other.input_, -1)},
      output_{std::exchange(other.output_, -1)},
      errors_fd_{std::exchange(other.errors_fd_, -1)},
      name_{std::move(other.name_)},
      errors_{std::move(other.errors_)},
      pending_{std::move(other.pending_)},
      exit_code_{other.exit_code_} {}

ChildProcess::~ChildProcess() {
    close_input();
    if (pid_ > 0 && !reaped()) {
        // The whole session: ssh may have a ProxyCommand below it.
        ::kill(-pid_, SIGTERM);
        Deadline grace{kGrace};
        if (wait(grace).has_error()) {
            ::kill(-pid_, SIGKILL);
            int status = 0;
            while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
            }
        }
    }
    if (output_ >= 0) ::close(output_);
    if (errors_fd_ >= 0) ::close(errors_fd_);
}

void ChildProcess::close_input() {
    if (input_ >= 0) ::close(std::exchange(input_, -1));
}

bool ChildProcess::take_errors() {
    std::array<char, 4096> chunk;
    for (;;) {
        const auto got = ::read(errors_fd_, chunk.data(), chunk.size());
        if (got > 0) {
            const auto room = kErrorsKept - std::min(kErrorsKept, errors_.size());
            errors_.append(chunk.data(), std::min(room, static_cast<std::size_t>(got)));
            continue;
        }
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
        ::close(std::exchange(errors_fd_, -1));
        return false;
    }
}

bool ChildProcess::take_output() {
    std::array<char, kChunk> chunk;
    const auto got = ::read(output_, chunk.data(), chunk.size());
    if (got > 0) {
        pending_.append(chunk.data(), static_cast<std::size_t>(got));
        return true;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    ::close(std::exchange(output_, -1));
    return false;
}

Status ChildProcess::pump(
    bool want_output, bool want_input, Deadline& deadline, bool& input_ready
) {
    const auto left = deadline.remaining();
    if (left.count() <= 0) return deadline.failure(name_);
    std::array<pollfd, 3> fds{{
        {want_output ? output_ : -1, POLLIN, 0},
        {errors_fd_, POLLIN, 0},
        {want_input ? input_ : -1, POLLOUT, 0},
    }};
    if (::poll(fds.data(), fds.size(), deadline.poll_time(left)) < 0 && errno != EINTR) {
        return Error{Errc::Internal, fmt::format("{}: poll: {}", name_, std::strerror(errno))};
    }
    if (fds[1].revents != 0) take_errors();
    if (fds[0].revents != 0) take_output();
    input_ready = fds[2].revents != 0;
    return {};
}

Status ChildProcess::write(std::string_view bytes, Deadline& deadline) {
    while (!bytes.empty()) {
        if (input_ < 0) return Error{Errc::Internal, fmt::format("{}: input is closed", name_)};
        const auto sent =
            ::send(input_, bytes.data(), std::min(bytes.size(), kChunk), MSG_NOSIGNAL);
        if (sent > 0) {
            deadline.moved(static_cast<std::size_t>(sent));
            bytes.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return Error{Errc::Unavailable, fmt::format("{} ended early", name_)};
        }
        bool ready = false;
        const bool room = output_ >= 0 && pending_.size() < 16 * kChunk;
        if (auto status = pump(room, true, deadline, ready); status.has_error()) {
            return status.error();
        }
    }
    return {};
}

Result<std::size_t> ChildProcess::read(char* buffer, std::size_t size, Deadline& deadline) {
    while (pending_.empty() && output_ >= 0) {
        bool ignored = false;
        if (auto status = pump(true, false, deadline, ignored); status.has_error()) {
            return status.error();
        }
    }
    const auto count = std::min(size, pending_.size());
    std::memcpy(buffer, pending_.data(), count);
    pending_.erase(0, count);
    deadline.moved(count);
    return count;
}

bool ChildProcess::reaped() {
    if (exit_code_ >= 0) return true;
    int status = 0;
    const pid_t got = ::waitpid(pid_, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    // ECHILD: the process ignores SIGCHLD, so the code is lost.
    exit_code_ = got < 0               ? 0
                 : WIFEXITED(status)   ? WEXITSTATUS(status)
                 : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                       : 128;
    return true;
}

Result<int> ChildProcess::wait(Deadline& deadline) {
    auto pause = milliseconds{1};
    while (!reaped()) {
        if (errors_fd_ >= 0) take_errors();
        // A child that still wants to write would never end.
        if (output_ >= 0 && take_output()) pending_.clear();
        const auto left = deadline.remaining();
        if (left.count() <= 0) return deadline.failure(name_);
        std::this_thread::sleep_for(std::min(pause, left));
        pause = std::min(pause * 2, milliseconds{20});
    }
    if (errors_fd_ >= 0) take_errors();
    return exit_code_;
}

}  // namespace linkspan::git
