// What the policies in a manifest repository make of the configuration's: never anything looser.
// docs/policies.md has the rules.
//
// Pure. Takes long for many files: call on a pool, and keep what comes out.
#pragma once

#include "config/repository_policy.h"
#include "core/policy/policy.h"

#include <span>
#include <string>
#include <vector>

namespace linkspan::config {

// `allowed`, and everything that `wanted` asks for on top. Errors: InvalidInput for what would
// widen, or could never be met; the message begins with file and key: "….yaml: allow_downgrade: …".
Result<policy::Policy> narrow(const policy::Policy& allowed, const RepositoryPolicy& wanted);

struct NarrowedPolicies {
    std::vector<policy::Policy> policies;  // in the order of `allowed`, each narrowed or as it was
    std::vector<Diagnostic> diagnostics;   // of every file that was left out

    // nullptr when there is none of the name.
    [[nodiscard]] const policy::Policy* find(const std::string& full_name) const;
};

// All files of a branch, in the order of their names. Several may narrow one policy; a file that
// together with those before it leaves nothing possible is left out.
NarrowedPolicies narrow_policies(
    std::span<const policy::Policy> allowed, std::span<const RepositoryFile> files
);

// What the targets of the repository follow, each policy once: all that its files may speak of.
std::vector<policy::Policy> followed_policies(const Config& config, const std::string& repository);

}  // namespace linkspan::config
