#include "tests/support_git/ssh_server.h"

#include "tests/support/free_port.h"

#include <fmt/format.h>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <vector>

namespace linkspan::testing {
namespace {

void make_key(const std::string& path, const std::string& passphrase) {
    const auto ran = run_program(
        {"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", path}
    );
    if (ran.code != 0) throw std::runtime_error{"ssh-keygen: " + ran.err};
}

std::string user_name() {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry == nullptr ? "root" : entry->pw_name;
}

}  // namespace

std::string SshServer::missing() {
    for (const char* name : {"sshd", "ssh", "ssh-keygen"}) {
        if (!has_program(name)) return fmt::format("{} is not installed", name);
    }
    // sshd's privilege separation wants this folder, which only root can make.
    if (::geteuid() == 0 && ::mkdir("/run/sshd", 0755) != 0 && errno != EEXIST) {
        return "/run/sshd can't be made";
    }
    return {};
}

SshServer::SshServer(const Sandbox& sandbox) {
    static std::atomic<int> count{0};
    folder_ = sandbox / fmt::format("ssh{}", ++count);
    std::filesystem::create_directories(folder_);
    make_key(folder_ + "/host", "");
    make_key(folder_ + "/other_host", "");
    make_key(key(), "");
    make_key(locked_key(), kPassphrase);
    make_key(stranger_key(), "");
    write_file(
        folder_ + "/authorized_keys", read_file(key() + ".pub") + read_file(locked_key() + ".pub")
    );
    for (int attempt = 0; attempt < 3; ++attempt) {
        port_ = support::free_port();
        write_file(
            folder_ + "/sshd_config",
            fmt::format(
                "Port {0}\nListenAddress 127.0.0.1\nHostKey {1}/host\nPidFile none\n"
                "AuthorizedKeysFile {1}/authorized_keys\nStrictModes no\nUsePAM no\n"
                "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
                "PermitRootLogin yes\nUseDNS no\nMaxStartups 100\n"
                "SetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n",
                port_,
                folder_
            )
        );
        sshd_ = ServerProcess::start(
            {program_path("sshd"), "-D", "-e", "-f", folder_ + "/sshd_config"},
            folder_ + "/sshd.log"
        );
        if (wait_for_port(port_)) break;
        if (attempt == 2) throw std::runtime_error{"sshd does not start: " + log()};
    }
    const auto line = [&](const std::string& key_file) {
        return fmt::format("[127.0.0.1]:{} {}", port_, read_file(key_file));
    };
    write_file(known_hosts(), line(folder_ + "/host.pub"));
    write_file(wrong_known_hosts(), line(folder_ + "/other_host.pub"));
}

std::string SshServer::url(const std::string& path) const {
    return fmt::format("ssh://{}@127.0.0.1:{}{}", user_name(), port_, path);
}

}  // namespace linkspan::testing
