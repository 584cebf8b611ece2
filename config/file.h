// Whole files, read with a limit.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace linkspan::config {

// What changes when a file does. Two equal stamps of a file that has been left alone for a while
// mean equal content.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::int64_t modified = 0;  // nanoseconds since the epoch
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FileContent {
    std::string bytes;
    FileStamp stamp;
};

// A regular file of at most max_bytes. Errors: NotFound, Unauthorized (permissions), InvalidInput
// (a directory, a device, too large), Unavailable. The message names the path.
Result<FileContent> read_file(const std::string& path, std::size_t max_bytes);
Result<FileStamp> stamp_file(const std::string& path);
// That read_file would open it.
Status check_readable(const std::string& path);

}  // namespace linkspan::config
