// A server that misbehaves: it answers each connection with a script.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace linkspan::testing {

// One accepted connection, as the script sees it. Every call returns false once the peer or the
// server is gone.
class ScriptedPeer {
public:
    ScriptedPeer(int fd, const std::atomic<bool>& stop) : fd_{fd}, stop_{stop} {}

    // Reads until a blank line (and a Content-Length body); the request's text.
    std::string read_request();
    bool send(const std::string& bytes);
    // Does nothing for that long, or until the server stops.
    bool pause(int milliseconds);
    // Holds the connection open and silent until the peer or the server goes.
    void hang();

private:
    int fd_;
    const std::atomic<bool>& stop_;
};

class ScriptedServer {
public:
    using Script = std::function<void(ScriptedPeer&, const std::string& request)>;
    // `script` runs once for each connection, after one request was read from it.
    explicit ScriptedServer(Script script);
    ~ScriptedServer();
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& path) const;
    [[nodiscard]] std::vector<std::string> requests() const;

private:
    void serve();

    Script script_;
    int listener_;
    std::uint16_t port_;
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::thread thread_;
};

}  // namespace linkspan::testing
