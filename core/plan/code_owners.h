// CodeOwners: whom a repository's CODEOWNERS file names for changed files, as the platform that
// the repository lives on reads it.
//
//   GitHub, Bitbucket   patterns like .gitignore's without "!" and "[ ]"; the last line that fits
//                       counts, and one without owners takes them away
//   GitLab              Ruby's File.fnmatch from the root; the last line of every section counts;
//                       "!" takes files out of a section
//   Gitea, Forgejo      regular expressions over the whole path; all that fit count; "!" turns one
//                       around
//
// Lines that the platform would ignore are ignored. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace linkspan::plan {

enum class OwnersForm { GitHub, GitLab, Gitea, Forgejo, Bitbucket };

// Where the platform looks on the base branch, in this order: the first that is there counts.
const std::vector<std::string>& code_owners_paths(OwnersForm form);

struct Owners {
    // "reviewer:ann", "team:acme/platform", each once, in the order of the file. Of GitLab's
    // names without a slash nothing says whether they are people or groups: they are reviewers.
    std::vector<std::string> people{};
    // Owners that no platform takes as a reviewer by this name: mail addresses, GitLab's roles
    // ("@@maintainer").
    std::vector<std::string> not_by_name{};
};

class CodeOwners {
public:
    static CodeOwners parse(std::string_view text, OwnersForm form);

    // For these files together, by their paths from the root.
    [[nodiscard]] Owners of(const std::vector<std::string>& files) const;

private:
    struct Rule {
        std::size_t section = 0;
        std::string glob{};
        std::shared_ptr<const re2::RE2> regex{};
        bool negative = false;
        bool everything_below = false;  // a folder fits for what is in it
        bool folders_only = false;
        std::vector<std::string> owners{};
    };
    struct Section {
        std::string name{};  // in lower case
        std::vector<std::string> owners{};
    };

    void add_git_line(std::vector<std::string> words);
    void add_gitlab_line(std::string_view line, std::size_t& section);
    void add_gitea_line(std::vector<std::string> words);
    bool add_section(std::string_view line, std::size_t& section);
    [[nodiscard]] static bool fits(const Rule& rule, std::string_view path);

    OwnersForm form_ = OwnersForm::GitHub;
    std::vector<Section> sections_{Section{}};
    std::vector<Rule> rules_;
};

}  // namespace linkspan::plan
