// A real sshd with keys of its own; logs in as the user who runs the tests.
#pragma once

#include "tests/support_git/git_repo.h"
#include "tests/support_git/server_process.h"

#include <cstdint>
#include <string>

namespace linkspan::testing {

class SshServer {
public:
    // Why no server can run here; empty when it can.
    static std::string missing();

    explicit SshServer(const Sandbox& sandbox);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // "ssh://USER@127.0.0.1:PORT/absolute/path"
    [[nodiscard]] std::string url(const std::string& path) const;
    [[nodiscard]] std::string known_hosts() const { return folder_ + "/known_hosts"; }
    // A known_hosts file that has another key for this host.
    [[nodiscard]] std::string wrong_known_hosts() const { return folder_ + "/wrong_known_hosts"; }
    [[nodiscard]] std::string key() const { return folder_ + "/user"; }
    // The key below is allowed in as well, and needs the passphrase.
    [[nodiscard]] std::string locked_key() const { return folder_ + "/locked"; }
    static constexpr const char* kPassphrase = "test-secret-not-real";
    [[nodiscard]] std::string stranger_key() const { return folder_ + "/stranger"; }
    [[nodiscard]] std::string log() const { return read_file(folder_ + "/sshd.log"); }

private:
    std::string folder_;
    std::uint16_t port_ = 0;
    ServerProcess sshd_;
};

}  // namespace linkspan::testing
