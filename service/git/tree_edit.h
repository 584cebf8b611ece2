// Tree edits: new contents for files that exist, without an index or a work tree.
//
// A tree is a list of "mode name NUL id" records. Names and modes stay, so a changed tree is the
// old one with 20 bytes replaced for each changed entry: nothing else is parsed, sorted or checked,
// and whatever odd entries a repository has pass through. Cost: the trees on the way to the changed
// files.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"
#include "service/git/new_objects.h"

#include <string>
#include <vector>

namespace linkspan::git {

// Puts blobs and trees into `fresh`; returns the id of the new root. Errors: NotFound for a path
// that is not a regular file in `root`; InvalidInput for a path named twice; Corrupt.
Result<git_oid> write_changes(
    git_odb* odb, NewObjects& fresh, const git_oid& root, const std::vector<FileChange>& changes
);

// Writes the commit of `spec` on its base. Errors as above, and InvalidInput for a name, email or
// message that a commit can't hold, and for changes that change nothing; those of sign().
// `directory` is the mirror's, where private files may be made while signing too.
Result<CommitId> write_commit(
    git_repository* repository, const CommitSpec& spec, const std::string& directory
);

}  // namespace linkspan::git
