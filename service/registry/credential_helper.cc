#include "service/registry/credential_helper.h"

#include "service/registry/answer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

extern char** environ;

namespace linkspan::registry {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxOutput = 64 << 10;

class FileHandle {
public:
    FileHandle() = default;
    explicit FileHandle(int fd) : fd_{fd} {}
    ~FileHandle() { reset(); }
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    void reset(int fd = -1) {
        if (fd_ >= 0) ::close(fd_);
        fd_ = fd;
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_ = -1;
};

class SpawnSettings {
public:
    SpawnSettings(int input, int output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_adddup2(&actions_, input, 0);
        posix_spawn_file_actions_adddup2(&actions_, output, 1);
        posix_spawn_file_actions_addopen(&actions_, 2, "/dev/null", O_WRONLY, 0);
        posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
        posix_spawnattr_init(&attributes_);
        // A group of its own, so that its children can be ended with it; signals as at start-up.
        posix_spawnattr_setpgroup(&attributes_, 0);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t usual;
        sigemptyset(&usual);
        sigaddset(&usual, SIGPIPE);
        posix_spawnattr_setsigdefault(&attributes_, &usual);
        posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        );
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

// True when something happened before the deadline.
bool wait_readable(int fd, Clock::time_point deadline) {
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return false;
        pollfd entry{fd, POLLIN, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(std::min<long long>(left, 60000)));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

// Reaps the child, by force when the deadline has passed; nullopt: it had to be killed.
std::optional<int> reap(pid_t child, Clock::time_point deadline, bool kill_now) {
    bool killed = kill_now;
    if (!killed) {
        const FileHandle handle{static_cast<int>(::syscall(SYS_pidfd_open, child, 0U))};
        killed = !wait_readable(handle.get(), deadline);
    }
    if (killed) ::kill(-child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (killed) return std::nullopt;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool is_helper_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

}  // namespace

Result<HelperAnswer> run_credential_helper(
    const std::string& name, const std::string& server, std::chrono::milliseconds timeout
) {
    if (!is_helper_name(name)) {
        return Error{
            Errc::InvalidInput,
            fmt::format("\"{}\" can't be the name of a credential helper", quote(name, 80))};
    }
    const auto deadline = Clock::now() + timeout;
    std::string program = "docker-credential-" + name;
    // A socket rather than a pipe: writing to a helper that has ended must not raise SIGPIPE.
    std::array<int, 2> input{-1, -1};
    std::array<int, 2> output{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input.data()) != 0) {
        return Error{Errc::Unavailable, fmt::format("{}: {}", program, std::strerror(errno))};
    }
    FileHandle our_input{input[0]};
    FileHandle its_input{input[1]};
    if (::pipe2(output.data(), O_CLOEXEC) != 0) {
        return Error{Errc::Unavailable, fmt::format("{}: {}", program, std::strerror(errno))};
    }
    FileHandle our_output{output[0]};
    FileHandle its_output{output[1]};

    std::string get = "get";
    const std::array<char*, 3> argv{program.data(), get.data(), nullptr};
    pid_t child = -1;
    {
        const SpawnSettings settings{its_input.get(), its_output.get()};
        const int failure = ::posix_spawnp(
            &child, program.c_str(), settings.actions(), settings.attributes(), argv.data(), environ
        );
        if (failure != 0) {
            return Error{
                failure == ENOENT ? Errc::NotFound : Errc::Unavailable,
                fmt::format("{} can't be started: {}", program, std::strerror(failure))};
        }
    }
    its_input.reset();
    its_output.reset();
    // Host names fit into the socket's buffer; what does not arrive, the helper did not want.
    (void)::send(our_input.get(), server.data(), server.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    our_input.reset();

    HelperAnswer answer;
    std::array<char, 4096> buffer{};
    bool in_time = true;
    bool too_long = false;
    while ((in_time = wait_readable(our_output.get(), deadline))) {
        const ssize_t got = ::read(our_output.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        answer.output.append(buffer.data(), static_cast<std::size_t>(got));
        too_long = answer.output.size() > kMaxOutput;
        if (too_long) break;
    }
    const auto code = reap(child, deadline, !in_time || too_long);
    if (too_long) {
        return Error{Errc::InvalidInput, program + " answered with more than 64 KiB"};
    }
    if (!code) {
        return Error{
            Errc::Timeout, fmt::format("{} did not answer within {} ms", program, timeout.count())};
    }
    answer.exit_code = *code;
    return answer;
}

Result<std::optional<Credentials>> read_helper_answer(
    const HelperAnswer& answer, const std::string& name
) {
    using nlohmann::json;
    const std::string program = "docker-credential-" + name;
    const bool is_json = answer.output.find('{') != std::string::npos;
    if (answer.exit_code != 0) {
        // The one sentence by which helpers say so, on standard output.
        if (answer.output.find("credentials not found in native keychain") != std::string::npos) {
            return std::optional<Credentials>{};
        }
        std::string_view words = answer.output;
        words = words.substr(0, words.find_first_of("\r\n"));
        return Error{
            Errc::Unavailable,
            fmt::format(
                "{} failed with exit code {}{}",
                program,
                answer.exit_code,
                is_json || words.empty() ? "" : ": " + quote(words)
            )};
    }
    const json document = json::parse(answer.output, nullptr, false);
    const auto text = [&](const char* key) -> std::optional<std::string> {
        if (!document.is_object()) return std::nullopt;
        const auto it = document.find(key);
        if (it == document.end() || !it->is_string()) return std::nullopt;
        return it->get<std::string>();
    };
    auto user = text("Username");
    auto secret = text("Secret");
    if (!user || !secret) {
        return Error{
            Errc::InvalidInput, program + " did not answer with the JSON of a credential helper"};
    }
    // Some stores answer so for what they don't know.
    if (user->empty() && secret->empty()) return std::optional<Credentials>{};
    return std::optional{Credentials{std::move(*user), Secret{std::move(*secret)}}};
}

}  // namespace linkspan::registry
