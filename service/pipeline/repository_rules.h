// RepositoryRules: what the files below .linkspan/policies/ of a branch make of the policies that
// the repository's targets follow, where the configuration allows them. docs/policies.md.
//
// Immutable, so that it is shared by all who decide by it. Reading blocks: on the git pool, one
// call at a time for one mirror.
#pragma once

#include "config/narrow.h"
#include "core/result.h"
#include "service/git/mirror.h"

#include <memory>
#include <string>
#include <vector>

namespace linkspan::pipeline {

struct RepositoryRules {
    std::shared_ptr<const config::Config> config{};  // whose policies are narrowed
    // Equal for equal files: a decision that was made under other rules is made anew. Empty without
    // files.
    std::string fingerprint{};
    config::NarrowedPolicies narrowed{};

    // The policy as it counts in the repository. One that no target of it follows is not changed.
    [[nodiscard]] policy::Policy of(const policy::Policy& policy) const;
    // For the trail: why files are not followed.
    [[nodiscard]] std::vector<std::string> notes() const;
};
using RepositoryRulesPtr = std::shared_ptr<const RepositoryRules>;

// Without reading a file. Errors: those of the mirror.
Result<std::string> rules_fingerprint(const git::Mirror& mirror, const git::CommitId& commit);

// `known`, from an earlier call for the repository, is handed back while nothing has changed; may
// be null. Links and other things that are no files are left out; what is too large or too much to
// be meant is left out and noted. Errors: those of the mirror.
Result<RepositoryRulesPtr> read_rules(
    const git::Mirror& mirror,
    const git::CommitId& commit,
    std::shared_ptr<const config::Config> config,
    const std::string& repository,
    RepositoryRulesPtr known = nullptr
);

}  // namespace linkspan::pipeline
