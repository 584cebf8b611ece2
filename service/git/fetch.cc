#include "service/git/fetch.h"

#include "service/git/missing_repository.h"
#include "service/git/subtransport.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace linkspan::git {
namespace {

constexpr std::string_view kHeads = "refs/heads/";

// The wire knows better than libgit2 what went wrong.
Error fetch_failure(int code, const WireSession& session, const std::string& remote) {
    if (session.error) return *session.error;
    const git_error* last = git_error_last();
    const int klass = last == nullptr ? static_cast<int>(GIT_ERROR_NONE) : last->klass;
    auto failure = git_failure(code, remote);
    // What the server sent and what makes no sense is no damage of ours; a failure to read our own
    // objects is.
    if (klass == GIT_ERROR_NET || klass == GIT_ERROR_INDEXER || klass == GIT_ERROR_NONE) {
        const bool missing = means_missing_repository(failure.message);
        failure.kind = missing ? Errc::NotFound : Errc::Unavailable;
    } else if (failure.kind == Errc::NotFound) {
        failure.kind = Errc::Corrupt;
    }
    return failure;
}

struct Heads {
    std::optional<git_oid> tip;
    std::size_t branches = 0;
    std::string default_branch;  // empty when HEAD names none that exists
};

Result<RemoteHandle> connect(
    git_repository* repository, WireSession& session, const std::string& remote
) {
    // Looking for insteadOf in the config would leak in libgit2 1.5 (20 KB for every setting, by a
    // regular expression that does not match); the mirror's config has none.
    git_remote_create_options create = GIT_REMOTE_CREATE_OPTIONS_INIT;
    create.repository = repository;
    create.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
    RemoteHandle connection;
    if (const int e = git_remote_create_with_opts(out(connection), remote.c_str(), &create)) {
        return git_failure(e, remote);
    }
    git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
    use_wire(options.callbacks, session);
    if (const int e = git_remote_connect_ext(connection.get(), GIT_DIRECTION_FETCH, &options)) {
        return fetch_failure(e, session, remote);
    }
    return connection;
}

Result<Heads> read_heads(git_remote* connected, const std::string& ref, const std::string& remote) {
    const git_remote_head** heads = nullptr;
    std::size_t count = 0;
    if (const int e = git_remote_ls(&heads, &count, connected)) {
        return git_failure(e, remote);
    }
    Heads result;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string_view name{heads[i]->name};
        if (name == ref) result.tip = heads[i]->oid;
        if (name.substr(0, kHeads.size()) == kHeads) ++result.branches;
        const char* target = heads[i]->symref_target;
        if (name == "HEAD" && target != nullptr &&
            std::string_view{target}.substr(0, kHeads.size()) == kHeads) {
            result.default_branch = std::string_view{target}.substr(kHeads.size());
        }
    }
    return result;
}

Error no_branch(const Heads& heads, const std::string& branch, const std::string& remote) {
    auto text = fmt::format("{}: there is no branch '{}'", remote, branch);
    if (heads.branches == 0) {
        text += "; the repository is empty";
    } else if (!heads.default_branch.empty()) {
        text += fmt::format("; the default branch is '{}'", heads.default_branch);
    }
    return {Errc::NotFound, std::move(text)};
}

bool has_ref_at(git_repository* repository, const std::string& name, const git_oid& id) {
    git_oid current;
    return git_reference_name_to_id(&current, repository, name.c_str()) == 0 &&
           git_oid_equal(&current, &id) != 0;
}

// The commit and its tree must be there, whatever the server said that it sent.
Status check_arrived(git_repository* repository, const git_oid& tip, const std::string& remote) {
    CommitHandle commit;
    TreeHandle tree;
    int e = git_commit_lookup(out(commit), repository, &tip);
    if (e == 0) e = git_commit_tree(out(tree), commit.get());
    if (e != 0) {
        return Error{
            Errc::Unavailable,
            fmt::format("{}: the server did not send commit {} whole", remote, to_hex(tip))};
    }
    return {};
}

}  // namespace

Result<std::string> tracking_ref(const std::string& branch) {
    auto ref = "refs/remotes/origin/" + branch;
    int valid = 0;
    if (git_reference_name_is_valid(&valid, ref.c_str()) != 0 || valid == 0 ||
        branch.find('\0') != std::string::npos) {
        return Error{Errc::InvalidInput, fmt::format("'{}' can't be the name of a branch", branch)};
    }
    return ref;
}

Result<CommitId> fetch_branch(
    git_repository* repository, Wire& wire, const std::string& branch, const std::string& remote
) {
    LINKSPAN_TRY(tracking, tracking_ref(branch));
    const auto ref = "refs/heads/" + branch;
    WireSession session{wire, std::nullopt};
    LINKSPAN_TRY(connection, connect(repository, session, remote));
    LINKSPAN_TRY(heads, read_heads(connection.get(), ref, remote));
    if (!heads.tip) {
        // A deleted or renamed branch, or a remote that was emptied.
        (void)git_reference_remove(repository, tracking.c_str());
        return no_branch(heads, branch, remote);
    }
    const git_oid tip = *heads.tip;
    if (has_ref_at(repository, tracking, tip)) {
        CommitHandle commit;
        if (const int e = git_commit_lookup(out(commit), repository, &tip)) {
            return missing_object(e, "reading the commit of a fetched branch");
        }
        return CommitId{to_hex(tip)};
    }

    git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
    use_wire(options.callbacks, session);
    options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
    options.prune = GIT_FETCH_NO_PRUNE;
    options.update_fetchhead = 0;
    auto refspec = fmt::format("+{}:{}", ref, tracking);
    std::array<char*, 1> refspecs{refspec.data()};
    const git_strarray specs{refspecs.data(), refspecs.size()};
    if (const int e = git_remote_download(connection.get(), &specs, &options)) {
        return fetch_failure(e, session, remote);
    }
    git_remote_disconnect(connection.get());
    if (auto status = check_arrived(repository, tip, remote); status.has_error()) {
        return status.error();
    }
    ReferenceHandle updated;
    if (const int e = git_reference_create(
            out(updated), repository, tracking.c_str(), &tip, /*force=*/1, nullptr
        )) {
        return git_failure(e, "moving " + tracking);
    }
    return CommitId{to_hex(tip)};
}

Result<std::optional<std::string>> read_default_branch(
    git_repository* repository, Wire& wire, const std::string& remote
) {
    WireSession session{wire, std::nullopt};
    LINKSPAN_TRY(connection, connect(repository, session, remote));
    LINKSPAN_TRY(heads, read_heads(connection.get(), {}, remote));
    if (heads.default_branch.empty()) return std::optional<std::string>{};
    return std::optional{heads.default_branch};
}

}  // namespace linkspan::git
