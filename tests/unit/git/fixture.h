// What most Git tests begin with: a remote made by the real `git`, and a mirror of it.
#pragma once

#include "service/git/mirror.h"
#include "tests/support_git/git_repo.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace linkspan::git {

// The value, or a failure of the test with the error's text.
template <class T>
T must(Result<T> result) {
    if (result.has_error()) {
        throw std::runtime_error{
            std::string{to_string(result.error().kind)} + ": " + result.error().message};
    }
    return std::move(*result);
}

template <class T>
Error failure_of(const Result<T>& result) {
    if (result.has_value()) {
        ADD_FAILURE() << "an error was expected";
        return {};
    }
    return result.error();
}

inline RemoteOptions remote_at(std::string url) {
    RemoteOptions options;
    options.url = std::move(url);
    options.timeout = std::chrono::minutes{2};
    return options;
}

inline CommitSpec spec_on(const CommitId& base, std::vector<FileChange> changes) {
    CommitSpec spec;
    spec.base = base;
    spec.changes = std::move(changes);
    spec.message = "Update images\n\nBecause.\n";
    spec.author = {"Linkspan", "linkspan@example.com"};
    spec.committer = {"Bridge", "bridge@example.com"};
    spec.time = std::chrono::system_clock::time_point{std::chrono::seconds{1'700'000'000}};
    return spec;
}

class GitTest : public ::testing::Test {
protected:
    testing::Sandbox sandbox;
    testing::RemoteRepo remote{sandbox, "fleet"};

    Mirror open_mirror() {
        return must(Mirror::open(sandbox / "mirror", remote_at(remote.path())));
    }
};

}  // namespace linkspan::git
