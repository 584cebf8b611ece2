#include "service/git/read_blob.h"

#include <fmt/format.h>

namespace linkspan::git {

Result<std::string> read_blob(
    git_repository* repository, const BlobId& blob, std::size_t max_bytes
) {
    LINKSPAN_TRY(id, parse_id(blob.hex));
    OdbHandle odb;
    if (const int e = git_repository_odb(out(odb), repository)) {
        return git_failure(e, "opening the object database");
    }
    // The header first: a blob of gigabytes must not be unpacked to find out that it is too large.
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    if (const int e = git_odb_read_header(&size, &type, odb.get(), &id)) {
        return missing_object(e, "reading blob " + blob.hex);
    }
    if (type != GIT_OBJECT_BLOB) {
        return Error{Errc::InvalidInput, fmt::format("object {} is no file", blob.hex)};
    }
    if (size > max_bytes) {
        return Error{
            Errc::InvalidInput,
            fmt::format("blob {} has {} bytes; the limit is {}", blob.hex, size, max_bytes)};
    }
    OdbObjectHandle object;
    if (const int e = git_odb_read(out(object), odb.get(), &id)) {
        return missing_object(e, "reading blob " + blob.hex);
    }
    return std::string{
        static_cast<const char*>(git_odb_object_data(object.get())),
        git_odb_object_size(object.get())};
}

}  // namespace linkspan::git
