// How `ssh` is called, and what its messages mean.
//
// The user's ssh_config counts (ProxyJump, ports, ciphers, agent); what keeps the connection safe
// and free of questions is set on the command line, which wins over it.
#pragma once

#include "core/result.h"
#include "service/git/mirror.h"
#include "service/git/remote_url.h"
#include "service/git/wire.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::git {

struct SshOptions {
    std::string known_hosts;  // must not be empty
    std::string user;
    std::string key_file;   // empty: the agent's and ssh_config's keys
    bool asks = false;      // a passphrase or password will come from SSH_ASKPASS
    bool password = false;  // log in by password rather than by key
    std::chrono::milliseconds timeout{};
};

Result<std::vector<std::string>> ssh_arguments(
    const RemoteUrl& url, const SshOptions& options, Service service
);

// Why a Git program on the other side, or ssh itself, ended; from its exit code and messages.
Error remote_program_failure(const RemoteUrl& url, int exit_code, std::string_view messages);

}  // namespace linkspan::git
