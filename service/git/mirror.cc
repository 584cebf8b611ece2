#include "service/git/mirror.h"

#include "service/git/deadline.h"
#include "service/git/fetch.h"
#include "service/git/handles.h"
#include "service/git/history.h"
#include "service/git/http_wire.h"
#include "service/git/process_wire.h"
#include "service/git/push.h"
#include "service/git/read_blob.h"
#include "service/git/remote_url.h"
#include "service/git/repository_dir.h"
#include "service/git/tcp_wire.h"
#include "service/git/tree_diff.h"
#include "service/git/tree_edit.h"
#include "service/git/tree_walk.h"
#include "service/git/upkeep.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace linkspan::git {

struct Mirror::Impl {
    std::string directory;
    RemoteOptions options;
    RemoteUrl url;
    RepositoryHandle repository;
    HttpLink link;
    // Set when an object that should be there is not: the next fetch begins with a fresh mirror.
    mutable std::string damage;

    [[nodiscard]] git_repository* repo() const { return repository.get(); }
    void tell(const std::string& notice) const {
        if (!notice.empty() && options.notice) options.notice(notice);
    }
    Result<std::unique_ptr<Wire>> open_wire(Deadline& deadline) {
        switch (url.scheme) {
            case RemoteUrl::Scheme::Http:
            case RemoteUrl::Scheme::Https:
                return make_http_wire(url, options, link, deadline);
            case RemoteUrl::Scheme::Ssh:
                return make_ssh_wire(url, options, directory, deadline);
            case RemoteUrl::Scheme::Local:
                return make_local_wire(url, deadline);
            case RemoteUrl::Scheme::Git:
                return make_tcp_wire(url, deadline);
        }
        return Error{Errc::Internal, "a scheme without a wire"};
    }
    Status heal();
    // Puts many small files together; what can't be done now is tried again another time.
    void keep_tidy();
    // That the push drops no commit, unless it may.
    Status check_keeps(const RefUpdate& update) const;
    Result<bool> descends(const git_oid& tip, const git_oid& ancestor) const;
    Result<CommitHandle> commit(const CommitId& id) const;
    // Remembers damage on the way to the caller.
    Error noted(Error error) const {
        if (error.kind == Errc::Corrupt) damage = error.message;
        return error;
    }
};

// A mirror that is damaged, or that somebody removed, is replaced by an empty one.
Status Mirror::Impl::heal() {
    std::error_code error;
    const auto path = std::filesystem::path{directory};
    if (damage.empty() && std::filesystem::exists(path / "objects", error) &&
        std::filesystem::exists(path / "HEAD", error)) {
        return {};
    }
    repository.reset();
    auto why = damage.empty() ? std::string{"it was incomplete"} : std::exchange(damage, {});
    LINKSPAN_TRY(fresh, replace_repository(directory, std::move(why)));
    repository = std::move(fresh.handle);
    tell(fresh.notice);
    return {};
}

void Mirror::Impl::keep_tidy() {
    const auto done = tidy(repo(), directory);
    if (done.has_error()) {
        (void)noted(done.error());
        return;
    }
    if (!*done) return;
    // The library still has the old packs open, which does no harm should this fail.
    auto opened = open_repository(directory);
    if (opened.has_value()) {
        repository = std::move(opened->handle);
        tell(opened->notice);
    }
}

Result<CommitHandle> Mirror::Impl::commit(const CommitId& id) const {
    LINKSPAN_TRY(oid, parse_id(id.hex));
    CommitHandle handle;
    if (const int e = git_commit_lookup(out(handle), repo(), &oid)) {
        Error error = git_failure(e, "reading commit " + id.hex);
        // Anybody may ask for a commit that we never had; what was fetched must be there.
        if (error.kind == Errc::NotFound && names_commit(repo(), oid)) error.kind = Errc::Corrupt;
        return noted(std::move(error));
    }
    return handle;
}

Result<bool> Mirror::Impl::descends(const git_oid& tip, const git_oid& ancestor) const {
    if (git_oid_equal(&tip, &ancestor) != 0) return true;
    OdbHandle odb;
    if (const int e = git_repository_odb(out(odb), repo())) {
        return noted(git_failure(e, "opening the object database"));
    }
    // A mirror has the whole history of what it fetched.
    if (git_odb_exists(odb.get(), &ancestor) == 0) return false;
    const int answer = git_graph_descendant_of(repo(), &tip, &ancestor);
    // A commit between the two that is not there is damage, not an answer.
    if (answer < 0) return noted(missing_object(answer, "reading the history of " + to_hex(tip)));
    return answer == 1;
}

Status Mirror::Impl::check_keeps(const RefUpdate& update) const {
    LINKSPAN_TRY(target, parse_id(update.target.hex));
    if (update.expected.hex.empty() || update.replace) return {};
    LINKSPAN_TRY(expected, parse_id(update.expected.hex));
    LINKSPAN_TRY(keeps, descends(target, expected));
    if (keeps) return {};
    return Error{
        Errc::InvalidInput,
        fmt::format(
            "{} does not descend from {}: pushing it to {} would drop commits",
            update.target.hex,
            update.expected.hex,
            update.branch
        )};
}

Mirror::Mirror(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Mirror::~Mirror() = default;
Mirror::Mirror(Mirror&&) noexcept = default;
Mirror& Mirror::operator=(Mirror&&) noexcept = default;

Result<Mirror> Mirror::open(const std::string& directory, RemoteOptions remote) {
    LINKSPAN_TRY(url, RemoteUrl::parse(remote.url));
    std::error_code error;
    auto absolute = std::filesystem::absolute(directory, error).lexically_normal();
    if (error || directory.empty()) {
        return Error{Errc::InvalidInput, "the mirror's directory has no usable name"};
    }
    if (!absolute.has_filename()) absolute = absolute.parent_path();
    LINKSPAN_TRY(opened, open_repository(absolute.string()));
    auto impl = std::make_unique<Impl>();
    impl->directory = absolute.string();
    impl->options = std::move(remote);
    impl->url = std::move(url);
    impl->repository = std::move(opened.handle);
    impl->tell(opened.notice);
    return Mirror{std::move(impl)};
}

Status Mirror::use_remote(RemoteOptions remote) {
    LINKSPAN_TRY(url, RemoteUrl::parse(remote.url));
    impl_->url = std::move(url);
    impl_->options = std::move(remote);
    return {};
}

Result<CommitId> Mirror::fetch(const std::string& branch) {
    Deadline deadline{impl_->options.timeout, impl_->options.stop.get()};
    for (bool again = false;; again = true) {
        if (auto healed = impl_->heal(); healed.has_error()) return healed.error();
        LINKSPAN_TRY(wire, impl_->open_wire(deadline));
        auto tip = fetch_branch(impl_->repo(), *wire, branch, impl_->url.display());
        if (tip.has_value()) {
            impl_->keep_tidy();
            return tip;
        }
        const auto error = impl_->noted(tip.error());
        // Once more with a fresh mirror; if that is damaged too, the disk is to blame.
        if (error.kind != Errc::Corrupt || again) return error;
    }
}

Result<std::vector<File>> Mirror::files(
    const CommitId& commit, const std::vector<std::string>& prefixes
) const {
    LINKSPAN_TRY(handle, impl_->commit(commit));
    auto files = list_files(impl_->repo(), *git_commit_tree_id(handle.get()), prefixes);
    if (files.has_error()) return impl_->noted(files.error());
    return files;
}

Result<std::vector<ChangedFile>> Mirror::changed_files(
    const CommitId& from, const CommitId& to, const std::vector<std::string>& prefixes
) const {
    CommitHandle before;
    if (!from.hex.empty()) {
        LINKSPAN_TRY(handle, impl_->commit(from));
        before = std::move(handle);
    }
    LINKSPAN_TRY(after, impl_->commit(to));
    auto changes = list_changes(
        impl_->repo(),
        before ? git_commit_tree_id(before.get()) : nullptr,
        git_commit_tree_id(after.get()),
        prefixes
    );
    if (changes.has_error()) return impl_->noted(changes.error());
    return changes;
}

Result<std::string> Mirror::read(const BlobId& blob, std::size_t max_bytes) const {
    auto bytes = read_blob(impl_->repo(), blob, max_bytes);
    if (bytes.has_error()) return impl_->noted(bytes.error());
    return bytes;
}

Result<std::optional<File>> Mirror::find(const CommitId& commit, const std::string& path) const {
    LINKSPAN_TRY(handle, impl_->commit(commit));
    const auto normal = normal_prefix(path);
    if (normal.empty()) return std::optional<File>{};
    TreeHandle tree;
    if (const int e = git_commit_tree(out(tree), handle.get())) {
        return impl_->noted(missing_object(e, "reading the tree of " + commit.hex));
    }
    TreeEntryHandle entry;
    const int e = git_tree_entry_bypath(out(entry), tree.get(), normal.c_str());
    if (e == GIT_ENOTFOUND) return std::optional<File>{};
    if (e != 0) return impl_->noted(git_failure(e, "looking for " + path));
    if (git_tree_entry_type(entry.get()) == GIT_OBJECT_TREE) return std::optional<File>{};
    return std::optional{File{
        normal,
        BlobId{to_hex(*git_tree_entry_id(entry.get()))},
        static_cast<std::uint32_t>(git_tree_entry_filemode_raw(entry.get()))}};
}

Result<CommitId> Mirror::commit(const CommitSpec& spec) {
    auto id = write_commit(impl_->repo(), spec, impl_->directory);
    if (id.has_error()) return impl_->noted(id.error());
    return id;
}

Result<PushAnswer> Mirror::push(const RefUpdate& update) {
    LINKSPAN_TRY(tracking, tracking_ref(update.branch));
    LINKSPAN_TRY(target, parse_id(update.target.hex));
    if (auto made = impl_->commit(update.target); made.has_error()) return made.error();
    if (auto status = impl_->check_keeps(update); status.has_error()) return status.error();
    const auto remote = impl_->url.display();
    Deadline deadline{impl_->options.timeout, impl_->options.stop.get()};
    LINKSPAN_TRY(wire, impl_->open_wire(deadline));
    auto attempt = attempt_push(impl_->repo(), *wire, update, remote);
    if (attempt.has_error()) return impl_->noted(attempt.error());
    if (const auto* refused = std::get_if<Refused>(&*attempt)) {
        // The server's words don't tell a lost race from a rule, its refs do.
        wire.reset();
        LINKSPAN_TRY(again, impl_->open_wire(deadline));
        LINKSPAN_TRY(tip, look_up_tip(*again, update.branch, remote));
        return judge_refusal(*refused, update, tip, remote);
    }
    if (const auto* moved = std::get_if<Moved>(&*attempt)) return PushAnswer{*moved};
    // The next fetch need not ask for what we know the remote has.
    ReferenceHandle updated;
    (void)git_reference_create(out(updated), impl_->repo(), tracking.c_str(), &target, 1, nullptr);
    impl_->keep_tidy();
    if (std::holds_alternative<AlreadyThere>(*attempt)) return PushAnswer{AlreadyThere{}};
    return PushAnswer{std::move(std::get<Pushed>(*attempt))};
}

Result<PushAnswer> Mirror::push_for_review(const ReviewRequest& request) {
    int valid = 0;
    if (request.ref.rfind("refs/for/", 0) != 0 ||
        git_reference_name_is_valid(&valid, request.ref.c_str()) != 0 || valid == 0) {
        return Error{
            Errc::InvalidInput, fmt::format("'{}' is no ref below refs/for/", request.ref)};
    }
    if (auto made = impl_->commit(request.target); made.has_error()) return made.error();
    const auto remote = impl_->url.display();
    Deadline deadline{impl_->options.timeout, impl_->options.stop.get()};
    LINKSPAN_TRY(wire, impl_->open_wire(deadline));
    auto attempt = attempt_review(impl_->repo(), *wire, request, remote);
    if (attempt.has_error()) return impl_->noted(attempt.error());
    if (const auto* refused = std::get_if<Refused>(&*attempt)) {
        return PushAnswer{Rejected{rejection_text(refused->report)}};
    }
    return PushAnswer{std::move(std::get<Pushed>(*attempt))};
}

Result<bool> Mirror::contains(const CommitId& tip, const CommitId& ancestor) const {
    LINKSPAN_TRY(top, parse_id(tip.hex));
    LINKSPAN_TRY(below, parse_id(ancestor.hex));
    return impl_->descends(top, below);
}

Result<std::vector<CommitInfo>> Mirror::log(
    const CommitId& tip, const CommitId& stop, std::size_t limit
) const {
    LINKSPAN_TRY(top, parse_id(tip.hex));
    // A tip that is not there has a history that can't be read, and not an empty one.
    if (auto at = impl_->commit(tip); at.has_error()) return at.error();
    std::optional<git_oid> bottom;
    if (!stop.hex.empty()) {
        LINKSPAN_TRY(id, parse_id(stop.hex));
        bottom = id;
    }
    auto commits = list_commits(impl_->repo(), top, bottom, limit);
    if (commits.has_error()) return impl_->noted(commits.error());
    return commits;
}

void Mirror::doubt(const Error& error) const { (void)impl_->noted(error); }

Result<std::optional<CommitId>> Mirror::known_tip(const std::string& branch) const {
    LINKSPAN_TRY(tracking, tracking_ref(branch));
    git_oid id;
    const int e = git_reference_name_to_id(&id, impl_->repo(), tracking.c_str());
    if (e == GIT_ENOTFOUND) return std::optional<CommitId>{};
    if (e != 0) return impl_->noted(git_failure(e, "reading " + tracking));
    return std::optional{CommitId{to_hex(id)}};
}

Result<std::optional<std::string>> Mirror::default_branch() {
    Deadline deadline{impl_->options.timeout, impl_->options.stop.get()};
    LINKSPAN_TRY(wire, impl_->open_wire(deadline));
    return read_default_branch(impl_->repo(), *wire, impl_->url.display());
}

}  // namespace linkspan::git
