#include "tests/support_git/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

extern char** environ;  // NOLINT: POSIX has no header for it

namespace linkspan::testing {
namespace {

using Env = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> environment(const Env& additions) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text{*entry};
        bool replaced = false;
        for (const auto& [name, value] : additions) {
            replaced = replaced || text.compare(0, name.size() + 1, name + "=") == 0;
        }
        if (!replaced) result.push_back(text);
    }
    for (const auto& [name, value] : additions) result.push_back(name + "=" + value);
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

pid_t spawn(
    const std::vector<std::string>& argv,
    const Env& env,
    const std::string& directory,
    const std::vector<int>& descriptors  // 0, 1, 2, …
) {
    auto argv_text = argv;
    auto env_text = environment(env);
    auto argv_pointers = pointers(argv_text);
    auto env_pointers = pointers(env_text);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    // Through high numbers, so that no descriptor is overwritten before it is used.
    constexpr int kHigh = 200;
    int number = 0;
    for (int fd : descriptors) {
        posix_spawn_file_actions_adddup2(&actions, fd, kHigh + number);
        ++number;
    }
    for (int i = 0; i < number; ++i) {
        posix_spawn_file_actions_adddup2(&actions, kHigh + i, i);
        posix_spawn_file_actions_addclose(&actions, kHigh + i);
    }
    if (!directory.empty()) {
        posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    }
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    pid_t pid = -1;
    const int error = posix_spawnp(
        &pid, argv_pointers[0], &actions, &attributes, argv_pointers.data(), env_pointers.data()
    );
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
        throw std::runtime_error{"starting " + argv[0] + ": " + std::strerror(error)};
    }
    return pid;
}

std::string read_back(int fd) {
    std::string text;
    std::array<char, 65536> chunk;
    off_t at = 0;
    for (;;) {
        const auto got = ::pread(fd, chunk.data(), chunk.size(), at);
        if (got <= 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(got));
        at += got;
    }
}

int temporary_file(const std::string& content) {
    const int fd = ::memfd_create("run", MFD_CLOEXEC);
    std::size_t written = 0;
    while (written < content.size()) {
        const auto count = ::write(fd, content.data() + written, content.size() - written);
        if (count <= 0) throw std::runtime_error{"memfd: write"};
        written += static_cast<std::size_t>(count);
    }
    ::lseek(fd, 0, SEEK_SET);
    return fd;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

}  // namespace

Ran run_program(const std::vector<std::string>& argv, const RunOptions& options) {
    const int input = temporary_file(options.input);
    const int out = temporary_file({});
    const int err = temporary_file({});
    const pid_t pid = spawn(argv, options.env, options.directory, {input, out, err});
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    Ran ran{WIFEXITED(status) ? WEXITSTATUS(status) : 128, read_back(out), read_back(err)};
    for (int fd : {input, out, err}) ::close(fd);
    return ran;
}

std::string program_path(const std::string& name) {
    std::string path = ::getenv("PATH") == nullptr ? "" : ::getenv("PATH");
    path += ":/usr/sbin:/sbin:/usr/local/sbin";
    for (std::size_t at = 0; at <= path.size();) {
        const auto end = std::min(path.find(':', at), path.size());
        const auto candidate = path.substr(at, end - at) + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        at = end + 1;
    }
    return {};
}

bool has_program(const std::string& name) { return !program_path(name).empty(); }

Listener listen_on_loopback() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(fd, 64) != 0 ||
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error{"no socket on loopback"};
    }
    return {fd, ntohs(address.sin_port)};
}

int listen_on_path(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error{"socket path too long"};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd, 64) != 0) {
        throw std::runtime_error{"no socket at " + path};
    }
    return fd;
}

bool wait_for_port(std::uint16_t port) {
    for (int attempt = 0; attempt < 6000; ++attempt) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        auto address = loopback(port);
        const bool connected =
            ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        ::close(fd);
        if (connected) return true;
        ::poll(nullptr, 0, 10);
    }
    return false;
}

ServerProcess ServerProcess::start(
    const std::vector<std::string>& argv,
    const std::string& log,
    int input,
    const std::vector<int>& fds,
    const Env& env
) {
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    std::vector<int> descriptors{input >= 0 ? input : nothing, out, out};
    descriptors.insert(descriptors.end(), fds.begin(), fds.end());
    ServerProcess process;
    process.pid_ = spawn(argv, env, {}, descriptors);
    ::close(nothing);
    ::close(out);
    return process;
}

ServerProcess::~ServerProcess() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace linkspan::testing
