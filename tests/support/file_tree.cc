#include "tests/support/file_tree.h"

#include <fstream>
#include <iterator>

namespace linkspan::test {

namespace fs = std::filesystem;

FileTree read_files(const fs::path& folder) {
    FileTree out;
    if (!fs::exists(folder)) return out;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) {
            out[fs::relative(entry.path(), folder).string()] = read_bytes(entry.path());
        }
    }
    return out;
}

std::string read_bytes(const fs::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << bytes;
}

}  // namespace linkspan::test
