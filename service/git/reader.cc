#include "service/git/reader.h"

#include "service/git/handles.h"
#include "service/git/read_blob.h"
#include "service/git/tree_walk.h"

#include <utility>

namespace linkspan::git {

struct Reader::Impl {
    RepositoryHandle repository;
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<Reader> Reader::open(const std::string& directory) {
    start_library();
    auto impl = std::make_unique<Impl>();
    if (const int e = git_repository_open_bare(out(impl->repository), directory.c_str())) {
        return git_failure(e, "opening " + directory);
    }
    return Reader{std::move(impl)};
}

Result<std::string> Reader::read(const BlobId& blob, std::size_t max_bytes) const {
    return read_blob(impl_->repository.get(), blob, max_bytes);
}

Result<std::vector<File>> Reader::files(const CommitId& commit) const {
    LINKSPAN_TRY(id, parse_id(commit.hex));
    CommitHandle handle;
    if (const int e = git_commit_lookup(out(handle), impl_->repository.get(), &id)) {
        return git_failure(e, "reading commit " + commit.hex);
    }
    return list_files(impl_->repository.get(), *git_commit_tree_id(handle.get()), {});
}

}  // namespace linkspan::git
