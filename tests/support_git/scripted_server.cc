#include "tests/support_git/scripted_server.h"

#include "tests/support_git/server_process.h"

#include <fmt/format.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

namespace linkspan::testing {
namespace {

// True when `fd` has something to read (or its end) within the time.
bool readable(int fd, int milliseconds) {
    pollfd watch{fd, POLLIN, 0};
    return ::poll(&watch, 1, milliseconds) > 0;
}

}  // namespace

std::string ScriptedPeer::read_request() {
    std::string text;
    std::array<char, 4096> chunk;
    std::size_t wanted = std::string::npos;
    while (!stop_ && text.size() < wanted) {
        if (!readable(fd_, 20)) continue;
        const auto got = ::recv(fd_, chunk.data(), chunk.size(), 0);
        if (got <= 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(got));
        const auto end = text.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        wanted = end + 4;
        const auto length = text.find("Content-Length: ");
        if (length < end) {
            wanted += static_cast<std::size_t>(std::atoll(text.c_str() + length + 16));
        }
    }
    return text;
}

bool ScriptedPeer::send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const auto count = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return false;
        sent += static_cast<std::size_t>(count);
    }
    return true;
}

bool ScriptedPeer::pause(int milliseconds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{milliseconds};
    while (!stop_ && std::chrono::steady_clock::now() < end) {
        std::array<char, 256> chunk;
        if (readable(fd_, 5) && ::recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT) == 0) {
            return false;
        }
    }
    return !stop_;
}

void ScriptedPeer::hang() {
    while (pause(1000)) {
    }
}

ScriptedServer::ScriptedServer(Script script) : script_{std::move(script)} {
    const auto listener = listen_on_loopback();
    listener_ = listener.fd;
    port_ = listener.port;
    thread_ = std::thread{[this] { serve(); }};
}

ScriptedServer::~ScriptedServer() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
}

std::string ScriptedServer::url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", port_, path);
}

std::vector<std::string> ScriptedServer::requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
}

void ScriptedServer::serve() {
    while (!stop_) {
        if (!readable(listener_, 20)) continue;
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd < 0) continue;
        ScriptedPeer peer{fd, stop_};
        auto request = peer.read_request();
        if (!request.empty()) {
            {
                const std::lock_guard lock{mutex_};
                requests_.push_back(request);
            }
            script_(peer, request);
        }
        ::close(fd);
    }
}

}  // namespace linkspan::testing
