// HeadBranches: repositories that are configured with `branch: HEAD`, and which branch that is now.
//
// A push is not told what HEAD names (git receive-pack does not say), so it is asked before the
// first look, when the branch is gone, and again from time to time. Not safe for threads.
#pragma once

#include "config/config.h"
#include "service/pipeline/git_options.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace linkspan::pipeline {

class HeadBranches {
public:
    using Time = std::chrono::steady_clock::time_point;

    // The configuration with every branch that is known in place of HEAD; itself when there is
    // nothing to replace.
    [[nodiscard]] ConfigPtr apply(ConfigPtr config) const;
    [[nodiscard]] bool is_due(const config::Repository& repository, Time now) const;
    // What the remote said; true when it is news.
    bool learn(const config::Repository& repository, const std::string& branch, Time now);
    // It was not there: the next look asks. False for a repository that does not follow HEAD.
    bool doubt(const std::string& repository);

private:
    struct Known {
        std::string url;
        std::string branch;
        std::optional<Time> asked;
    };
    std::map<std::string, Known> known_;  // by the repository's name
};

}  // namespace linkspan::pipeline
