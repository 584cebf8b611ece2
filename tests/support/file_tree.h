// Folders of test data, as values.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace linkspan::test {

// By path below the folder; empty when there is no folder.
using FileTree = std::map<std::string, std::string>;
FileTree read_files(const std::filesystem::path& folder);

std::string read_bytes(const std::filesystem::path& path);
// Makes the folders that it needs.
void write_bytes(const std::filesystem::path& path, const std::string& bytes);

}  // namespace linkspan::test
