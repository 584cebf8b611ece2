// Reads trees: the files below some prefixes, without going into directories outside them.
#pragma once

#include "core/result.h"
#include "service/git/handles.h"
#include "service/git/mirror.h"

#include <string>
#include <string_view>
#include <vector>

namespace linkspan::git {

// "./clusters/prod/" → "clusters/prod"; "." and "/" → "" (everything).
std::string normal_prefix(std::string_view prefix);

// Where a path is, seen from the prefixes: a directory Above holds a prefix somewhere below.
enum class Cover { Outside, Above, Inside };

class Prefixes {
public:
    // None at all means everything.
    explicit Prefixes(const std::vector<std::string>& prefixes);
    [[nodiscard]] Cover cover(std::string_view path) const;

private:
    std::vector<std::string> prefixes_;
};

// Every entry below the prefixes (all when there are none), in path order.
Result<std::vector<File>> list_files(
    git_repository* repository, const git_oid& tree, const std::vector<std::string>& prefixes
);

}  // namespace linkspan::git
