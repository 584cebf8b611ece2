#include "tests/support/temp_dir.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace linkspan::support {

namespace {

std::string parent_directory() {
    const char* told = std::getenv("TMPDIR");
    if ((told == nullptr || *told == '\0') && ::access("/dev/shm", W_OK | X_OK) == 0) {
        return "/dev/shm";
    }
    return std::filesystem::temp_directory_path().string();
}

}  // namespace

TempDir::TempDir() {
    std::string pattern = parent_directory() + "/linkspan-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw std::system_error{errno, std::generic_category(), "mkdtemp " + pattern};
    }
    path_ = std::move(pattern);
}

TempDir::~TempDir() {
    if (path_.empty()) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

TempDir::TempDir(TempDir&& other) noexcept : path_{std::exchange(other.path_, {})} {}

std::string TempDir::file(std::string_view name) const { return path_ + "/" + std::string{name}; }

std::string TempDir::write(std::string_view name, std::string_view content) const {
    const std::string path = file(name);
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    write_file(path, content);
    return path;
}

std::string read_file(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) throw std::runtime_error{"can't read " + path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void write_file(const std::string& path, std::string_view content) {
    std::ofstream out{path, std::ios::binary | std::ios::trunc};
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    if (!out) throw std::runtime_error{"can't write " + path};
}

}  // namespace linkspan::support
