// Programs that tests start: run to their end, or kept running until the owner goes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::testing {

struct Ran {
    int code = -1;
    std::string out;
    std::string err;
};

struct RunOptions {
    std::string directory;  // where to run; empty: here
    std::string input;
    std::vector<std::pair<std::string, std::string>> env;  // over our environment
};

Ran run_program(const std::vector<std::string>& argv, const RunOptions& options = {});
// True when the program is in PATH or in the sbin folders.
bool has_program(const std::string& name);
std::string program_path(const std::string& name);

// A listening TCP socket on 127.0.0.1, on a port that the kernel chose; closes on exec.
struct Listener {
    int fd = -1;
    std::uint16_t port = 0;
};
Listener listen_on_loopback();
// A listening Unix socket.
int listen_on_path(const std::string& path);
// Waits for up to five seconds until something accepts connections there.
bool wait_for_port(std::uint16_t port);

// A server; killed with everything that it started when the owner goes.
class ServerProcess {
public:
    // `fds` are given to the child as descriptors 3, 4, …; `input` as its standard input (-1:
    // none). What it prints goes to `log`.
    static ServerProcess start(
        const std::vector<std::string>& argv,
        const std::string& log,
        int input = -1,
        const std::vector<int>& fds = {},
        const std::vector<std::pair<std::string, std::string>>& env = {}
    );
    ServerProcess() = default;
    ~ServerProcess();
    ServerProcess(ServerProcess&& other) noexcept : pid_{std::exchange(other.pid_, -1)} {}
    ServerProcess& operator=(ServerProcess&& other) noexcept {
        std::swap(pid_, other.pid_);
        return *this;
    }
    [[nodiscard]] bool started() const { return pid_ > 0; }

private:
    pid_t pid_ = -1;
};

}  // namespace linkspan::testing
