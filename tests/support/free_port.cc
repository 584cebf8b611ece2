#include "tests/support/free_port.h"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <random>
#include <string>
#include <system_error>

namespace linkspan::support {
namespace {

// Below those that the kernel gives to outgoing connections.
constexpr std::uint16_t kLowest = 10000;
constexpr std::uint16_t kHighest = 31999;
constexpr int kAttempts = 1000;

// An abstract Unix address: it needs no file, and is free again when the process has ended.
bool take_name(int fd, std::uint16_t port) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto name = fmt::format("linkspan-test-port-{}", port);
    std::copy(name.begin(), name.end(), address.sun_path + 1);
    const auto size = offsetof(sockaddr_un, sun_path) + 1 + name.size();
    // The socket API's own cast.
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size)) ==
           0;
}

bool is_free(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // As servers do: what an earlier connection left behind is no obstacle.
    const int yes = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return bound;
}

}  // namespace

std::uint16_t free_port() {
    std::random_device random;
    std::uniform_int_distribution<std::uint16_t> ports{kLowest, kHighest};
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto port = ports(random);
        const int name = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (take_name(name, port) && is_free(port)) return port;  // the name stays ours
        ::close(name);
    }
    throw std::system_error{EADDRINUSE, std::generic_category(), "finding a free port"};
}

}  // namespace linkspan::support
