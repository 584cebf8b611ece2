#include "config/file.h"

#include "config/quote.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace linkspan::config {

namespace {

class Descriptor {
public:
    // Without blocking: a FIFO would otherwise wait for its writer.
    explicit Descriptor(const std::string& path)
        : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

Error failure(const std::string& path, int code) {
    const std::string what = "file " + quote(path) + ": ";
    switch (code) {
        case ENOENT:
        case ENOTDIR:
            return {Errc::NotFound, what + "does not exist"};
        case EACCES:
        case EPERM:
            return {Errc::Unauthorized, what + "may not be read; check its owner and mode"};
        default:
            return {Errc::Unavailable, what + std::strerror(code)};
    }
}

FileStamp stamp_of(const struct stat& status) {
    return {
        .device = status.st_dev,
        .inode = status.st_ino,
        .size = static_cast<std::uint64_t>(status.st_size),
        .modified = status.st_mtim.tv_sec * 1'000'000'000LL + status.st_mtim.tv_nsec,
    };
}

Result<FileStamp> regular_stamp(const std::string& path, int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return failure(path, errno);
    if (!S_ISREG(status.st_mode)) {
        return Error{
            Errc::InvalidInput,
            fmt::format(
                "file {}: is {}", quote(path), S_ISDIR(status.st_mode) ? "a directory" : "no file"
            )};
    }
    return stamp_of(status);
}

Error too_large(const std::string& path, std::size_t max_bytes) {
    return {
        Errc::InvalidInput,
        fmt::format("file {}: is larger than {} bytes", quote(path), max_bytes)};
}

}  // namespace

Result<FileContent> read_file(const std::string& path, std::size_t max_bytes) {
    const Descriptor file{path};
    if (file.get() < 0) return failure(path, errno);
    LINKSPAN_TRY(stamp, regular_stamp(path, file.get()));
    if (stamp.size > max_bytes) return too_large(path, max_bytes);
    FileContent content{.bytes = {}, .stamp = stamp};
    char buffer[16384];
    for (;;) {
        const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failure(path, errno);
        if (n == 0) return content;
        content.bytes.append(buffer, static_cast<std::size_t>(n));
        if (content.bytes.size() > max_bytes) return too_large(path, max_bytes);
    }
}

Result<FileStamp> stamp_file(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return failure(path, errno);
    return stamp_of(status);
}

Status check_readable(const std::string& path) {
    const Descriptor file{path};
    if (file.get() < 0) return failure(path, errno);
    const auto stamp = regular_stamp(path, file.get());
    if (stamp.has_error()) return stamp.error();
    return {};
}

}  // namespace linkspan::config
