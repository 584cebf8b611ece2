// CODEOWNERS: whom a platform names for changed files. Pure.
//
// GitHub and Bitbucket: gitignore-like patterns without "!" and "[ ]", the last that matches
// counts, and one without owners takes them away.
// https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
// GitLab: Ruby's File.fnmatch, the last of each section, "!" takes files out of one; the sections'
// owners together.
// https://docs.gitlab.com/user/project/codeowners/reference/
// Gitea and Forgejo: regular expressions over the whole path, every line that matches counts, "!"
// in front turns one around. https://docs.gitea.com/usage/code-owners
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::plan {

enum class OwnersForm { Github, Gitlab, Gitea };

// Where the platform looks, the first that is there counts.
std::vector<std::string> owners_files(OwnersForm form);

// "reviewer:ann", "team:acme/platform": each once, in the order of the file. Addresses name nobody
// that a platform can be asked for, and lines that can't be read are passed over, as platforms do.
std::vector<std::string> owners_of(
    OwnersForm form, std::string_view text, std::span<const std::string> paths
);

}  // namespace linkspan::plan
