// The mirror's directory on disk: opened, checked, and made again when it is no good.
//
// A mirror holds nothing that the remote does not have, except commits that are not pushed yet, so
// a damaged one is moved aside (to <directory>.corrupt-<seconds>; only the newest is kept) and an
// empty one takes its place.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"

#include <string>

namespace linkspan::git {

struct OpenedRepository {
    RepositoryHandle handle;
    std::string notice;  // why a fresh one was made; empty when nothing is to be told
};

// Errors: Unavailable when the disk or its permissions are the problem.
Result<OpenedRepository> open_repository(const std::string& directory);
// Moves the directory aside without asking, and makes a fresh one.
Result<OpenedRepository> replace_repository(const std::string& directory, std::string why);

// Whether a fetched branch is at this commit.
bool names_commit(git_repository* repository, const git_oid& commit);

}  // namespace linkspan::git
