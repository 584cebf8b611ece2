#include "service/git/history.h"

#include <chrono>

namespace linkspan::git {
namespace {

Signature person_of(const git_signature* signature) {
    if (signature == nullptr) return {};
    return {signature->name, signature->email};
}

CommitInfo describe(const git_commit& commit) {
    CommitInfo info;
    info.id = CommitId{to_hex(*git_commit_id(&commit))};
    for (unsigned i = 0; i < git_commit_parentcount(&commit); ++i) {
        info.parents.push_back(CommitId{to_hex(*git_commit_parent_id(&commit, i))});
    }
    info.author = person_of(git_commit_author(&commit));
    info.committer = person_of(git_commit_committer(&commit));
    info.time =
        std::chrono::system_clock::time_point{std::chrono::seconds{git_commit_time(&commit)}};
    if (const char* message = git_commit_message(&commit)) info.message = message;
    return info;
}

}  // namespace

Result<std::vector<CommitInfo>> list_commits(
    git_repository* repository,
    const git_oid& tip,
    const std::optional<git_oid>& stop,
    std::size_t limit
) {
    RevwalkHandle walk;
    if (const int e = git_revwalk_new(out(walk), repository)) {
        return git_failure(e, "reading history");
    }
    // Children before parents, whatever their clocks said. Without a stop that would mean reading
    // the whole history first; then the clocks have to do.
    git_revwalk_sorting(walk.get(), stop ? GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME : GIT_SORT_NONE);
    if (const int e = git_revwalk_push(walk.get(), &tip)) {
        return git_failure(e, "reading the history of " + to_hex(tip));
    }
    // A stop that this mirror never had hides nothing.
    if (stop) (void)git_revwalk_hide(walk.get(), &*stop);
    std::vector<CommitInfo> commits;
    git_oid id;
    while (commits.size() < limit) {
        const int e = git_revwalk_next(&id, walk.get());
        if (e == GIT_ITEROVER) break;
        if (e != 0) return missing_object(e, "reading the history of " + to_hex(tip));
        CommitHandle commit;
        if (const int c = git_commit_lookup(out(commit), repository, &id)) {
            return missing_object(c, "reading commit " + to_hex(id));
        }
        commits.push_back(describe(*commit));
    }
    return commits;
}

}  // namespace linkspan::git
