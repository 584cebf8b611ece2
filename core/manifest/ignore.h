// IgnoreFile: a repository's .linkspanignore, in the syntax of .gitignore
// (https://git-scm.com/docs/gitignore), all of it: comments, "!", "/" in front for this folder,
// "/" behind for folders, "*", "?", "[a-z]", "**", "\" escapes. As there, the last line that fits
// counts, and nothing below an ignored folder can be taken back in.
//
// Only the file in the root counts. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace linkspan::manifest {

inline constexpr std::string_view kIgnoreFile = ".linkspanignore";

class IgnoreFile {
public:
    IgnoreFile() = default;
    explicit IgnoreFile(std::string_view text);

    // Of a file, by its path from the root.
    [[nodiscard]] bool ignores(std::string_view path) const;
    [[nodiscard]] bool empty() const { return rules_.empty(); }

private:
    struct Rule {
        std::string glob;
        bool keep = false;  // "!": taken back in
        bool folders_only = false;
        bool by_name = false;  // without a slash: the entry's own name, wherever it is
    };
    [[nodiscard]] bool drops(std::string_view path, bool folder) const;

    std::vector<Rule> rules_;
};

}  // namespace linkspan::manifest
