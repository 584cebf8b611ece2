// Mirror: a bare repository in the data directory that follows one remote, and writes commits on
// top of it.
//
// There is no work tree: trees are built in the object database. Calls block: run them on the git
// pool. One Mirror is used by one thread at a time (the worker of its repository). Errors: NotFound
// (branch, repository), Unauthorized (credentials, host key), Unavailable, Timeout, Corrupt. No
// credential is in any error text.
#pragma once

#include "core/result.h"
#include "core/secret.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linkspan::git {

// 40 lower-case hex digits.
struct CommitId {
    std::string hex;
    friend auto operator<=>(const CommitId&, const CommitId&) = default;
};
struct BlobId {
    std::string hex;
    friend auto operator<=>(const BlobId&, const BlobId&) = default;
};

struct Credentials {
    std::string username;
    Secret password;      // or token
    std::string ssh_key;  // path of the private key
    Secret ssh_passphrase;
};

struct RemoteOptions {
    std::string url;
    // Asked at every connection, so that a rotated secret counts at once.
    std::function<Result<Credentials>()> credentials;
    // Told that the server refused them, before they are asked for once more.
    std::function<void()> credentials_refused = {};
    std::string known_hosts;  // for ssh: required, an unknown host is refused
    std::string ca_file;      // for https
    // For one fetch or push. A transfer that keeps moving at a fair rate may take longer (see
    // deadline.h).
    std::chrono::milliseconds timeout{60000};
    // Told when the mirror was found damaged or gone and a fresh one was made.
    std::function<void(const std::string&)> notice = {};
    std::string client_cert = {};  // for https: PEM files that show who we are
    std::string client_key = {};   // empty: the key is in client_cert
    // For http and https: URL of a proxy. Empty: what the environment says (https_proxy, no_proxy).
    std::string proxy = {};
    // When it becomes true, the operation at hand ends soon, as Unavailable.
    std::shared_ptr<const std::atomic<bool>> stop = {};
};

struct File {
    std::string path;  // '/'-separated, from the root
    BlobId blob;
    std::uint32_t mode = 0100644;  // 0100644, 0100755, 0120000 (symbolic link), 0160000 (submodule)
};

// An entry that is not the same in two commits; a side where it is not, or is a directory, is
// empty.
struct ChangedFile {
    std::optional<File> before;
    std::optional<File> after;
};

struct FileChange {
    std::string path;
    std::string content;
};

struct Signature {
    std::string name;
    std::string email;
};

// Who vouches for a commit. `git verify-commit` checks it.
struct Signing {
    enum class Kind { Gpg, Ssh };
    Kind kind = Kind::Gpg;
    std::string key;         // Gpg: id, fingerprint or address; Ssh: path of the private key
    Secret passphrase;       // of the key; empty when it has none
    std::string gnupg_home;  // Gpg: folder of the keyring; empty: the user's own
};

struct CommitSpec {
    CommitId base;
    std::vector<FileChange> changes;
    std::string message;
    Signature author;
    Signature committer;
    std::chrono::system_clock::time_point time;
    std::optional<Signing> signing = std::nullopt;
};

// A ref moves only from the value that we expect.
struct RefUpdate {
    std::string branch;
    CommitId expected;  // empty hex: the branch must not exist yet
    CommitId target;
    // Push options, as `git push -o` has them. Refused when the server takes none.
    std::vector<std::string> options = {};
    // The old commits may be dropped. For branches that only Linkspan writes; `expected` still
    // holds.
    bool replace = false;
};
// A push to a ref that is no branch but asks for a review: refs/for/main (Gitea, Forgejo, Gerrit).
struct ReviewRequest {
    std::string ref;
    CommitId target;
    std::vector<std::string> options = {};
};
struct Pushed {
    std::string said =
        {};  // what the server's hooks printed, such as the address of a pull request
};
struct AlreadyThere {};  // the remote's branch is at target already
struct Moved {
    std::optional<CommitId> actual;  // nullopt: the branch is gone
};
struct Rejected {
    std::string message;  // what the server's hook or its protected branch said, word for word
};
using PushAnswer = std::variant<Pushed, AlreadyThere, Moved, Rejected>;

// What `git log` knows of a commit.
struct CommitInfo {
    CommitId id;
    std::vector<CommitId> parents;
    Signature author;
    Signature committer;
    std::chrono::system_clock::time_point time;  // of the committer
    std::string message;
};

class Mirror {
public:
    // Opens the bare repository at `directory`, or makes it. A directory that is no good repository
    // is moved aside and made again.
    static Result<Mirror> open(const std::string& directory, RemoteOptions remote);
    ~Mirror();
    Mirror(Mirror&&) noexcept;
    Mirror& operator=(Mirror&&) noexcept;

    // From now on with these options, as after a changed configuration. Errors: InvalidInput, and
    // nothing is changed then.
    Status use_remote(RemoteOptions remote);
    // Fetches one branch and returns its tip.
    Result<CommitId> fetch(const std::string& branch);
    // Where the branch was at the last fetch or push; nullopt when it was not there. No network.
    Result<std::optional<CommitId>> known_tip(const std::string& branch) const;
    // The branch that the remote's HEAD names; nullopt when the remote is empty.
    Result<std::optional<std::string>> default_branch();
    // Every entry under the prefixes (all when there are none), in path order. A prefix may name a
    // file.
    Result<std::vector<File>> files(
        const CommitId& commit, const std::vector<std::string>& prefixes
    ) const;
    // The entries under the prefixes in which the commits differ, in path order. Only subtrees that
    // differ are visited. An empty `from` is a commit without files.
    Result<std::vector<ChangedFile>> changed_files(
        const CommitId& from, const CommitId& to, const std::vector<std::string>& prefixes
    ) const;
    Result<std::string> read(const BlobId& blob, std::size_t max_bytes) const;
    // A Reader of this mirror met damage: the next fetch begins with a fresh one. Other errors than
    // Corrupt do nothing.
    void doubt(const Error& error) const;
    // Entry at one path; nullopt when there is none, or a directory.
    Result<std::optional<File>> find(const CommitId& commit, const std::string& path) const;
    // Writes blobs, trees and the commit. Modes stay as they are in base. Errors: NotFound for a
    // path that is not a regular file in base; Corrupt for a base that is not there.
    Result<CommitId> commit(const CommitSpec& spec);
    // One connection when the branch is where it is expected. Errors: InvalidInput when the target
    // does not descend from `expected` and nothing says that it may replace it.
    Result<PushAnswer> push(const RefUpdate& update);
    // Pushed or Rejected. Errors: InvalidInput for a ref that is not below refs/for/.
    Result<PushAnswer> push_for_review(const ReviewRequest& request);
    // True when `ancestor` is `tip` or in its history.
    Result<bool> contains(const CommitId& tip, const CommitId& ancestor) const;
    // Newest first, from `tip` down to what `stop` has (empty: to the beginning); at most `limit`.
    Result<std::vector<CommitInfo>> log(
        const CommitId& tip, const CommitId& stop, std::size_t limit
    ) const;

private:
    struct Impl;
    explicit Mirror(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace linkspan::git
