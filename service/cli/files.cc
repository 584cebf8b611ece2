#include "service/cli/files.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace linkspan::cli {

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
    std::string bytes;
    if (path == "-") {
        bytes.assign(std::istreambuf_iterator<char>{std::cin}, {});
    } else {
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) {
            return Error{Errc::NotFound, fmt::format("{}: {}", path, std::strerror(errno))};
        }
        if (S_ISDIR(info.st_mode)) {
            return Error{Errc::InvalidInput, path + ": is a directory; name a file"};
        }
        std::ifstream in{path, std::ios::binary};
        if (!in) return Error{Errc::NotFound, fmt::format("{}: {}", path, std::strerror(errno))};
        bytes.assign(std::istreambuf_iterator<char>{in}, {});
    }
    if (bytes.size() > max_bytes) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{}: {} bytes; at most {} are read", path, bytes.size(), max_bytes)};
    }
    return bytes;
}

Status replace_file(const std::string& given, std::string_view bytes) {
    // A link that was named is written through; links that are found are not followed by the
    // caller.
    std::error_code unresolved;
    const auto resolved = std::filesystem::canonical(given, unresolved);
    const std::string path = unresolved ? given : resolved.string();
    const auto fail = [&](const char* doing) {
        return Error{
            Errc::Unavailable, fmt::format("{} {}: {}", doing, path, std::strerror(errno))};
    };
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return fail("reading the mode of");
    std::string temporary = path + ".linkspan-XXXXXX";
    const int descriptor = ::mkstemp(temporary.data());
    if (descriptor < 0) return fail("creating a file beside");
    std::size_t written = 0;
    while (written < bytes.size()) {
        const ssize_t n = ::write(descriptor, bytes.data() + written, bytes.size() - written);
        if (n < 0) {
            const auto error = fail("writing");
            ::close(descriptor);
            ::unlink(temporary.c_str());
            return error;
        }
        written += static_cast<std::size_t>(n);
    }
    // Where we may: root edits files of others in many a container.
    const bool owner_kept = ::fchown(descriptor, info.st_uid, info.st_gid) == 0;
    (void)owner_kept;
    const bool kept = ::fchmod(descriptor, info.st_mode & 07777) == 0 && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!kept || ::rename(temporary.c_str(), path.c_str()) != 0) {
        const auto error = fail("replacing");
        ::unlink(temporary.c_str());
        return error;
    }
    return {};
}

}  // namespace linkspan::cli
