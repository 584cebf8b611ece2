#include "service/git/new_objects.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace linkspan::git {
namespace {

using IndexerHandle = std::unique_ptr<git_indexer, Deleter<git_indexer_free>>;

// The pack stays here, and each push compresses what it sends anew.
constexpr int kFast = 1;

}  // namespace

NewObjects::NewObjects(git_odb* odb, std::string directory, bool as_pack)
    : odb_{odb}, directory_{std::move(directory)}, as_pack_{as_pack}, pack_{kFast} {}

Result<git_oid> NewObjects::put(std::string_view bytes, git_object_t type) {
    git_oid id;
    if (!as_pack_) {
        if (const int e = git_odb_write(&id, odb_, bytes.data(), bytes.size(), type)) {
            return git_failure(e, "writing an object");
        }
        return id;
    }
    if (const int e = git_odb_hash(&id, bytes.data(), bytes.size(), type)) {
        return git_failure(e, "hashing an object");
    }
    // Files that become equal are one object.
    if (!put_.insert(to_hex(id)).second) return id;
    if (auto status = pack_.add(static_cast<unsigned>(type), bytes); status.has_error()) {
        return status.error();
    }
    return id;
}

Status NewObjects::finish() {
    if (!as_pack_ || pack_.size() == 0) return {};
    const auto folder = std::filesystem::path{directory_} / "objects" / "pack";
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string pack = pack_.finish();
    put_.clear();
    IndexerHandle indexer;
    git_indexer_progress progress{};
    if (const int e = git_indexer_new(out(indexer), folder.c_str(), 0, nullptr, nullptr)) {
        return git_failure(e, "writing a pack");
    }
    if (const int e = git_indexer_append(indexer.get(), pack.data(), pack.size(), &progress)) {
        return git_failure(e, "writing a pack");
    }
    if (const int e = git_indexer_commit(indexer.get(), &progress)) {
        return git_failure(e, "writing a pack");
    }
    if (const int e = git_odb_refresh(odb_)) return git_failure(e, "reading a new pack");
    return {};
}

}  // namespace linkspan::git
