// From the configuration of a repository to what service/git and a turn are asked with.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "service/git/mirror.h"
#include "service/pipeline/turn.h"

#include <atomic>
#include <chrono>
#include <memory>

namespace linkspan::pipeline {

using ConfigPtr = std::shared_ptr<const config::Config>;

// `repository` is one of the config's, which the options keep alive. `stop`: ends what is under way
// when it becomes true; may be null.
git::RemoteOptions remote_of(
    const ConfigPtr& config,
    const config::Repository& repository,
    std::shared_ptr<const std::atomic<bool>> stop
);

// Reads the passphrase of the signing key. Errors: those of SecretRef::read().
Result<CommitOptions> commit_options_of(
    const config::Repository& repository, std::chrono::system_clock::time_point now
);

}  // namespace linkspan::pipeline
