// Docker's credential helpers: programs named docker-credential-<name> that answer `get` with a
// login. https://github.com/docker/docker-credential-helpers#development
#pragma once

#include "core/result.h"
#include "service/registry/client.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace linkspan::registry {

struct HelperAnswer {
    int exit_code = 0;
    std::string output;
};

// `name` comes from a config: letters, digits, '.', '_' and '-' only, so that it names a program in
// PATH and no other path. The helper gets `server` on its standard input, our environment (cloud
// helpers need it), no other descriptor of ours, and is killed with its children when the time is
// up. Errors: InvalidInput (name, or an answer over 64 KiB), NotFound (no such program), Timeout,
// Unavailable.
Result<HelperAnswer> run_credential_helper(
    const std::string& name, const std::string& server, std::chrono::milliseconds timeout
);

// nullopt: the helper knows of no login. Its words are shown when it fails, its JSON never.
// Errors: Unavailable (it failed), InvalidInput (not the JSON that is agreed).
Result<std::optional<Credentials>> read_helper_answer(
    const HelperAnswer& answer, const std::string& name
);

}  // namespace linkspan::registry
