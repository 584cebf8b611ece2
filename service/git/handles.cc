#include "service/git/handles.h"

#include "service/git/readable_text.h"

#include <fmt/format.h>

#include <mutex>
#include <stdexcept>

namespace linkspan::git {
namespace {

// Memory that the object cache may take, for all mirrors together. The library's default, 256 MiB,
// is more than the whole service should need.
constexpr ssize_t kObjectCache = 16 << 20;
constexpr std::size_t kMappedWindows = 64 << 20;

Errc kind_of(int code, int klass) {
    switch (code) {
        case GIT_ENOTFOUND:
            return Errc::NotFound;
        case GIT_EINVALIDSPEC:
        case GIT_EINVALID:
            return Errc::InvalidInput;
        case GIT_EEXISTS:
        case GIT_ELOCKED:
        case GIT_EMODIFIED:
            return Errc::Conflict;
        case GIT_EMISMATCH:
            return Errc::Corrupt;
        default:
            break;
    }
    switch (klass) {
        case GIT_ERROR_NOMEMORY:
        case GIT_ERROR_OS:
        case GIT_ERROR_FILESYSTEM:
        case GIT_ERROR_NET:
            return Errc::Unavailable;
        case GIT_ERROR_ODB:
        case GIT_ERROR_ZLIB:
        case GIT_ERROR_OBJECT:
        case GIT_ERROR_TREE:
        case GIT_ERROR_INDEXER:
        case GIT_ERROR_SHA1:
        case GIT_ERROR_REFERENCE:
        case GIT_ERROR_CONFIG:
            return Errc::Corrupt;
        case GIT_ERROR_INVALID:
            return Errc::InvalidInput;
        default:
            return Errc::Internal;
    }
}

}  // namespace

void start_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (git_libgit2_init() < 0) throw std::runtime_error{"libgit2 does not start"};
        // What the service does must not depend on the gitconfig of the machine that it runs on.
        for (int level :
             {GIT_CONFIG_LEVEL_PROGRAMDATA,
              GIT_CONFIG_LEVEL_SYSTEM,
              GIT_CONFIG_LEVEL_XDG,
              GIT_CONFIG_LEVEL_GLOBAL}) {
            git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
        }
        git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, kObjectCache);
        git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, kMappedWindows);
        // The data directory is the operator's choice; its owner is often not our user in a
        // container with a mounted volume.
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    });
}

Error git_failure(int code, std::string_view doing) {
    const git_error* last = git_error_last();
    if (last == nullptr || last->message == nullptr) {
        return {kind_of(code, GIT_ERROR_NONE), fmt::format("{}: libgit2 error {}", doing, code)};
    }
    return {kind_of(code, last->klass), fmt::format("{}: {}", doing, readable_line(last->message))};
}

Error missing_object(int code, std::string_view doing) {
    Error error = git_failure(code, doing);
    if (error.kind == Errc::NotFound) error.kind = Errc::Corrupt;
    return error;
}

Result<git_oid> parse_id(const std::string& hex) {
    git_oid id;
    if (hex.size() != GIT_OID_HEXSZ || git_oid_fromstrn(&id, hex.data(), hex.size()) != 0) {
        return Error{Errc::InvalidInput, fmt::format("'{}' is no object id (40 hex digits)", hex)};
    }
    return id;
}

std::string to_hex(const git_oid& id) {
    std::string hex(GIT_OID_HEXSZ, '0');
    git_oid_fmt(hex.data(), &id);
    return hex;
}

}  // namespace linkspan::git
