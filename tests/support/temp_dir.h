// TempDir: a directory of its own under $TMPDIR, removed with everything in it. Without TMPDIR it
// is in memory (/dev/shm) where there is such a place: thousands of small files on a disk cost
// minutes to make and remove.
#pragma once

#include <string>
#include <string_view>

namespace linkspan::support {

class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(TempDir&& other) noexcept;
    TempDir& operator=(TempDir&&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const;
    // Writes a file, with the folders on its way; returns its path. Throws.
    std::string write(std::string_view name, std::string_view content) const;

private:
    std::string path_;
};

std::string read_file(const std::string& path);                      // throws
void write_file(const std::string& path, std::string_view content);  // throws

}  // namespace linkspan::support
