// Handles: owners for libgit2's objects, and its errors as ours. Private to service/git.
//
// The library is started on first use (start_library) and never stopped: other threads may still
// hold objects when statics are destroyed.
#pragma once

#include "core/result.h"
#include "service/git/mirror.h"

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

namespace linkspan::git {

template <auto release>
struct Deleter {
    template <class T>
    void operator()(T* handle) const noexcept {
        release(handle);
    }
};

using RepositoryHandle = std::unique_ptr<git_repository, Deleter<git_repository_free>>;
using OdbHandle = std::unique_ptr<git_odb, Deleter<git_odb_free>>;
using OdbObjectHandle = std::unique_ptr<git_odb_object, Deleter<git_odb_object_free>>;
using ConfigHandle = std::unique_ptr<git_config, Deleter<git_config_free>>;
using CommitHandle = std::unique_ptr<git_commit, Deleter<git_commit_free>>;
using TreeHandle = std::unique_ptr<git_tree, Deleter<git_tree_free>>;
using TreeEntryHandle = std::unique_ptr<git_tree_entry, Deleter<git_tree_entry_free>>;
using ReferenceHandle = std::unique_ptr<git_reference, Deleter<git_reference_free>>;
using ReferencesHandle =
    std::unique_ptr<git_reference_iterator, Deleter<git_reference_iterator_free>>;
using RemoteHandle = std::unique_ptr<git_remote, Deleter<git_remote_free>>;
using RevwalkHandle = std::unique_ptr<git_revwalk, Deleter<git_revwalk_free>>;
using PackbuilderHandle = std::unique_ptr<git_packbuilder, Deleter<git_packbuilder_free>>;
using SignatureHandle = std::unique_ptr<git_signature, Deleter<git_signature_free>>;

// Lets a C function write into an owner: git_tree_lookup(out(tree), …). The owner has the handle at
// the end of the full expression, so it can't be used further right in the same condition.
template <class Handle>
class Out {
public:
    explicit Out(Handle& target) : target_{target} {}
    Out(const Out&) = delete;
    Out& operator=(const Out&) = delete;
    ~Out() { target_.reset(raw_); }
    operator typename Handle::pointer *() { return &raw_; }  // NOLINT: the point of the type

private:
    Handle& target_;
    typename Handle::pointer raw_ = nullptr;
};
template <class Handle>
Out<Handle> out(Handle& target) {
    return Out<Handle>{target};
}

void start_library();

// The failure of the libgit2 call just made, as "doing: what the library said". `code` is what the
// call returned. Must come directly after the call: the library keeps one error per thread.
Error git_failure(int code, std::string_view doing);

// The same for an object that must be there because another one names it: NotFound is Corrupt then.
Error missing_object(int code, std::string_view doing);

Result<git_oid> parse_id(const std::string& hex);
std::string to_hex(const git_oid& id);

}  // namespace linkspan::git
