#include "service/git/repository_dir.h"

#include "service/git/loose_objects.h"

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace linkspan::git {
namespace {

namespace fs = std::filesystem;

Error disk_error(std::string_view doing, const fs::path& path, const std::error_code& error) {
    return {Errc::Unavailable, fmt::format("{} {}: {}", doing, path.string(), error.message())};
}

bool is_absent(const fs::path& directory) {
    std::error_code error;
    return !fs::exists(directory, error) || fs::is_empty(directory, error);
}

// Made beside its place and moved there whole, so that a crash leaves no half of a repository.
Result<RepositoryHandle> make_repository(const fs::path& directory) {
    std::error_code error;
    const auto parent = directory.parent_path();
    if (!parent.empty()) fs::create_directories(parent, error);
    if (error) return disk_error("making", parent, error);
    std::string fresh = directory.string() + ".new-XXXXXX";
    if (::mkdtemp(fresh.data()) == nullptr) {
        return disk_error("making", fresh, {errno, std::generic_category()});
    }
    git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
    options.flags = GIT_REPOSITORY_INIT_BARE;
    options.initial_head = "main";
    RepositoryHandle handle;
    if (const int e = git_repository_init_ext(out(handle), fresh.c_str(), &options)) {
        auto failure = git_failure(e, "making the mirror " + directory.string());
        fs::remove_all(fresh, error);
        return failure;
    }
    handle.reset();
    if (fs::is_directory(directory, error)) fs::remove(directory, error);  // empty: see is_absent
    fs::rename(fresh, directory, error);
    if (error) {
        auto failure = disk_error("making", directory, error);
        fs::remove_all(fresh, error);
        return failure;
    }
    if (const int e = git_repository_open_bare(out(handle), directory.c_str())) {
        return git_failure(e, "opening the mirror " + directory.string());
    }
    return handle;
}

void remove_older_wrecks(const fs::path& directory, const fs::path& kept) {
    std::error_code error;
    const auto prefix = directory.filename().string() + ".corrupt-";
    std::vector<fs::path> old;
    for (const auto& entry : fs::directory_iterator{directory.parent_path(), error}) {
        const auto name = entry.path().filename().string();
        if (name.rfind(prefix, 0) == 0 && entry.path() != kept) old.push_back(entry.path());
    }
    for (const auto& path : old) fs::remove_all(path, error);
}

Result<std::string> move_aside(const fs::path& directory) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch()
    )
                         .count();
    std::error_code error;
    auto wreck = fmt::format("{}.corrupt-{}", directory.string(), now);
    for (int n = 2; fs::exists(wreck, error); ++n) {
        wreck = fmt::format("{}.corrupt-{}-{}", directory.string(), now, n);
    }
    fs::rename(directory, wreck, error);
    if (error) return disk_error("moving aside", directory, error);
    remove_older_wrecks(directory, wreck);
    return wreck;
}

// What is cheap to check: that loose objects are whole, and that the config, the fetched tips and
// their trees can be read.
std::optional<Error> find_damage(git_repository* repository, const fs::path& directory) {
    // First: the library must not read one that is not.
    if (auto whole = check_loose(directory / "objects"); whole.has_error()) return whole.error();
    ConfigHandle config;
    if (const int e = git_repository_config_snapshot(out(config), repository)) {
        return git_failure(e, "reading its config");
    }
    ReferencesHandle references;
    if (const int e =
            git_reference_iterator_glob_new(out(references), repository, "refs/remotes/origin/*")) {
        return git_failure(e, "reading refs");
    }
    for (;;) {
        ReferenceHandle reference;
        const int e = git_reference_next(out(reference), references.get());
        if (e == GIT_ITEROVER) return std::nullopt;
        if (e != 0) return git_failure(e, "reading refs");
        const git_oid* target = git_reference_target(reference.get());
        if (target == nullptr) continue;
        CommitHandle commit;
        TreeHandle tree;
        if (const int c = git_commit_lookup(out(commit), repository, target)) {
            return git_failure(c, "reading the commit of a fetched branch");
        }
        if (const int t = git_commit_tree(out(tree), commit.get())) {
            return git_failure(t, "reading the tree of a fetched branch");
        }
    }
}

}  // namespace

namespace {

// A mirror is one process's, so a lock that is there when it is opened is of a life that was cut
// short, and nobody else would ever take it away.
void remove_stale_locks(const std::string& directory) {
    std::error_code error;
    std::vector<fs::path> locks;
    const auto note = [&locks](const fs::path& path) {
        if (path.extension() == ".lock") locks.push_back(path);
    };
    for (const auto& entry : fs::directory_iterator{directory, error}) note(entry.path());
    for (const auto& entry : fs::recursive_directory_iterator{directory + "/refs", error}) {
        note(entry.path());
    }
    for (const auto& lock : locks) fs::remove(lock, error);
}

}  // namespace

Result<OpenedRepository> open_repository(const std::string& directory) {
    start_library();
    if (is_absent(directory)) {
        LINKSPAN_TRY(made, make_repository(directory));
        return OpenedRepository{std::move(made), {}};
    }
    remove_stale_locks(directory);
    RepositoryHandle handle;
    if (const int e = git_repository_open_bare(out(handle), directory.c_str())) {
        auto failure = git_failure(e, "opening the mirror");
        std::error_code error;
        if (fs::is_directory(directory, error) &&
            ::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
            failure.kind = Errc::Unavailable;
            return failure.within(directory);
        }
        return replace_repository(directory, failure.message);
    }
    if (auto problem = find_damage(handle.get(), directory)) {
        handle.reset();
        return replace_repository(directory, problem->message);
    }
    return OpenedRepository{std::move(handle), {}};
}

bool names_commit(git_repository* repository, const git_oid& commit) {
    ReferencesHandle references;
    if (git_reference_iterator_glob_new(out(references), repository, "refs/remotes/origin/*") !=
        0) {
        return false;
    }
    ReferenceHandle reference;
    while (git_reference_next(out(reference), references.get()) == 0) {
        const git_oid* target = git_reference_target(reference.get());
        if (target != nullptr && git_oid_equal(target, &commit) != 0) return true;
    }
    return false;
}

Result<OpenedRepository> replace_repository(const std::string& directory, std::string why) {
    std::string where = "it was gone";
    if (!is_absent(directory)) {
        LINKSPAN_TRY(wreck, move_aside(directory));
        where = "the old one is " + wreck;
    }
    LINKSPAN_TRY(made, make_repository(directory));
    return OpenedRepository{
        std::move(made), fmt::format("made a fresh mirror {} ({}; {})", directory, why, where)};
}

}  // namespace linkspan::git
