// RepositoryRules: the files below .linkspan/policies/ of a branch, which narrow the policies of
// the configuration where that allows it. docs/policies.md.
//
// Blocks: on the git pool, one call at a time for one mirror.
#pragma once

#include "config/repository_policy.h"
#include "core/result.h"
#include "service/git/mirror.h"

#include <string>
#include <vector>

namespace linkspan::pipeline {

struct RepositoryRules {
    std::vector<config::RepositoryFile> files;  // in the order of their names
    // Equal for equal files: a decision that was made under other rules is made anew.
    std::string fingerprint;
};

// Links and other things that are no files are left out. Errors: those of the mirror, and
// InvalidInput for what is too large to be meant.
Result<RepositoryRules> read_rules(const git::Mirror& mirror, const git::CommitId& commit);

}  // namespace linkspan::pipeline
