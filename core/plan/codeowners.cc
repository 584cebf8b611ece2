#include "core/plan/codeowners.h"

#include "core/glob.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace linkspan::plan {
namespace {

struct Line {
    std::string pattern;
    std::vector<std::string> owners;
    bool negated = false;
};
struct Section {
    std::string name;
    std::vector<std::string> owners;  // of lines that name none
    std::vector<Line> lines;
};

// Words between blanks; a backslash keeps a blank in a word, and '#' begins a comment.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '\\' && i + 1 < line.size() && (line[i + 1] == ' ' || line[i + 1] == '#')) {
            word += line[++i];
        } else if (c == ' ' || c == '\t' || c == '\r') {
            if (!word.empty()) words.push_back(std::exchange(word, {}));
        } else if (c == '#' && word.empty()) {
            break;
        } else {
            word += c;
        }
    }
    if (!word.empty()) words.push_back(std::move(word));
    return words;
}

// "[Docs]", "^[Docs][2] @ann": the name, and who follows.
std::optional<Section> section_of(std::string_view line) {
    std::string_view rest = line;
    if (rest.starts_with('^')) rest.remove_prefix(1);
    if (!rest.starts_with('[')) return std::nullopt;
    const auto end = rest.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    Section section{.name = std::string{rest.substr(1, end - 1)}, .owners = {}, .lines = {}};
    for (char& c : section.name) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    rest.remove_prefix(end + 1);
    if (rest.starts_with('[')) {
        const auto count = rest.find(']');
        if (count == std::string_view::npos) return std::nullopt;
        rest.remove_prefix(count + 1);
    }
    section.owners = words_of(rest);
    return section;
}

bool matches_path(const std::string& pattern, const std::string& path) {
    std::string glob = pattern;
    const bool folder = glob.ends_with('/');
    if (folder) glob.pop_back();
    // A slash anywhere but at the end ties the pattern to the root.
    const bool rooted = glob.find('/') != std::string::npos;
    if (glob.starts_with('/')) glob.erase(0, 1);
    if (glob.empty()) return true;
    if (!rooted && !glob.starts_with("**/")) glob.insert(0, "**/");
    if (!folder && glob_matches(glob, path)) return true;
    // A directory owns what is in it. "docs/*" does not mean what is in folders of docs.
    if (!folder && glob.ends_with("/*")) return false;
    return glob_matches(glob + "/**", path);
}

bool matches(OwnersForm form, const Line& line, const std::string& path) {
    if (form != OwnersForm::Gitea) return matches_path(line.pattern, path);
    const RE2 pattern{line.pattern, RE2::Quiet};
    return pattern.ok() && RE2::FullMatch(path, pattern) != line.negated;
}

std::vector<Section> read(OwnersForm form, std::string_view text) {
    std::vector<Section> sections(1);
    std::size_t current = 0;
    while (!text.empty()) {
        const auto end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (form == OwnersForm::Gitlab) {
            if (auto section = section_of(line)) {
                // Sections of one name are one section.
                const auto same =
                    std::find_if(sections.begin(), sections.end(), [&](const auto& one) {
                        return one.name == section->name;
                    });
                current = static_cast<std::size_t>(same - sections.begin());
                if (same == sections.end()) {
                    sections.push_back(std::move(*section));
                } else if (!section->owners.empty()) {
                    same->owners = std::move(section->owners);
                }
                continue;
            }
        }
        auto words = words_of(line);
        if (words.empty()) continue;
        Line entry{.pattern = words.front(), .owners = {words.begin() + 1, words.end()}};
        if (form == OwnersForm::Gitea && entry.pattern.starts_with('!')) {
            entry.negated = true;
            entry.pattern.erase(0, 1);
        }
        if (entry.owners.empty()) entry.owners = sections[current].owners;
        sections[current].lines.push_back(std::move(entry));
    }
    return sections;
}

}  // namespace

std::vector<std::string> owners_files(OwnersForm form) {
    switch (form) {
        case OwnersForm::Github:
            return {".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".bitbucket/CODEOWNERS"};
        case OwnersForm::Gitlab:
            return {"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"};
        case OwnersForm::Gitea:
            return {"CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS"};
    }
    return {};
}

std::vector<std::string> owners_of(
    OwnersForm form, std::string_view text, std::span<const std::string> paths
) {
    std::vector<std::string> people;
    const auto add = [&people](std::string_view owner) {
        if (!owner.starts_with('@') || owner.size() < 2) return;
        owner.remove_prefix(1);
        if (owner.starts_with('@')) return;  // a role of GitLab: nobody in particular
        const bool team = owner.find('/') != std::string_view::npos;
        auto who = (team ? "team:" : "reviewer:") + std::string{owner};
        if (std::find(people.begin(), people.end(), who) == people.end()) {
            people.push_back(std::move(who));
        }
    };
    const auto sections = read(form, text);
    for (const auto& section : sections) {
        for (const auto& path : paths) {
            const Line* last = nullptr;
            for (const auto& line : section.lines) {
                if (!matches(form, line, path)) continue;
                last = &line;
                if (form != OwnersForm::Gitea) continue;
                for (const auto& owner : line.owners) add(owner);
            }
            if (last == nullptr || form == OwnersForm::Gitea) continue;
            for (const auto& owner : last->owners) add(owner);
        }
    }
    return people;
}

}  // namespace linkspan::plan
