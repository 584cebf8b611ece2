// A real web server (nginx) with the real `git http-backend` (by fcgiwrap) behind it.
#pragma once

#include "tests/support_git/git_repo.h"
#include "tests/support_git/server_process.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

namespace linkspan::testing {

struct WebOptions {
    std::string root;  // folder with the bare repositories
    std::string user;  // not empty: basic authentication
    std::string password;
    bool tls = false;
    bool client_certificate = false;  // wanted from clients; needs tls
    // Lines for nginx's server block.
    std::string extra;
};

class WebServer {
public:
    // Why no server can run here; empty when it can.
    static std::string missing();

    WebServer(const Sandbox& sandbox, const WebOptions& options);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // "http://127.0.0.1:PORT/NAME"
    [[nodiscard]] std::string url(const std::string& name) const;
    // With TLS: the certificate authority, and a client's certificate and key.
    [[nodiscard]] std::string ca_file() const { return folder_ + "/ca.pem"; }
    [[nodiscard]] std::string client_cert() const { return folder_ + "/client.pem"; }
    [[nodiscard]] std::string client_key() const { return folder_ + "/client.key"; }
    // Lines of "method path status length connection", as the server wrote them.
    [[nodiscard]] std::string access_log() const;
    // The same once it has so many lines, or after a minute without: a server writes a line after
    // it has answered.
    [[nodiscard]] std::string access_log_of(std::ptrdiff_t lines) const;
    // Numbers of the connections that requests came on.
    [[nodiscard]] std::set<std::string> connections() const;

private:
    std::string folder_;
    bool tls_;
    std::uint16_t port_ = 0;
    ServerProcess fcgi_;
    ServerProcess nginx_;
};

}  // namespace linkspan::testing
