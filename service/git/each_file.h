// What is in a folder, whatever happens to it meanwhile: what can't be read is not there.
#pragma once

#include <filesystem>
#include <system_error>

namespace linkspan::git {

// body(path) for each entry.
template <class F>
void each_file(const std::filesystem::path& folder, F&& body) {
    std::error_code error;
    for (std::filesystem::directory_iterator entry{folder, error}, end; !error && entry != end;
         entry.increment(error)) {
        body(entry->path());
    }
}

}  // namespace linkspan::git
