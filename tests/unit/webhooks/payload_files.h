// Where the collection of real and documented bodies is. It is not part of the project: tests that
// need it are skipped where it is not to be found.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace linkspan::webhooks::testing {

inline std::optional<std::filesystem::path> payload_folder() {
    namespace fs = std::filesystem;
    for (fs::path at = LINKSPAN_SOURCE_DIR; at != at.root_path(); at = at.parent_path()) {
        const fs::path folder = at.parent_path() / "shared" / "payloads";
        if (fs::exists(folder / "INDEX.tsv")) return folder;
    }
    return std::nullopt;
}

inline std::string slurp(const std::filesystem::path& path) {
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace linkspan::webhooks::testing
