// Where people see what changed between two images: from the labels org.opencontainers.image.source
// and .revision of both.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace linkspan::plan {

// What an image says about where it was built from. Absent: empty.
struct ImageOrigin {
    std::string revision{};
    std::string source{};
    std::string created{};  // RFC 3339
};

// The page that compares the two, on GitHub, GitLab, Gitea, Forgejo and Bitbucket. nullopt unless
// both have a revision that is a commit id or a tag, they differ, and the source is a plain address
// of a known platform (by its host's name; others get GitHub's form, which Gitea has too).
std::optional<std::string> compare_link(const ImageOrigin& from, const ImageOrigin& to);
// The commit's page; nullopt when it is not known.
std::optional<std::string> commit_link(const ImageOrigin& origin);

}  // namespace linkspan::plan
