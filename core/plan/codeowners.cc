#include "core/plan/codeowners.h"

#include "core/glob.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace linkspan::plan {
namespace {

constexpr std::size_t kMostRules = 10'000;
constexpr std::string_view kBlank = " \t";

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

// Words between blanks; "\" takes the next character. `keep` says before which characters it stays
// for the pattern to read. "#" at the start of a word begins a comment where there are such.
std::vector<std::string> words_of(std::string_view line, bool comments, bool keep_backslashes) {
    std::vector<std::string> out;
    std::string word;
    bool in_word = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (kBlank.find(c) != std::string_view::npos) {
            if (in_word) out.push_back(std::exchange(word, {}));
            in_word = false;
            continue;
        }
        if (c == '#' && comments && !in_word) break;
        in_word = true;
        if (c == '\\' && i + 1 < line.size()) {
            if (keep_backslashes && line[i + 1] != ' ') word += c;
            word += line[++i];
        } else {
            word += c;
        }
    }
    if (in_word) out.push_back(std::move(word));
    return out;
}

bool is_address(std::string_view word) {
    const auto at = word.find('@');
    return at != std::string_view::npos && at > 0 && at + 1 < word.size() &&
           word.find('@', at + 1) == std::string_view::npos;
}

bool is_name(std::string_view word) {
    return word.size() > 1 && word.front() == '@' && word[1] != '@' &&
           word.find_first_of(",;:", 1) == std::string_view::npos;
}

bool is_role(std::string_view word) { return word.size() > 2 && word.starts_with("@@"); }

// GitLab reads owners out of whatever else is on the line.
std::vector<std::string> owners_among(
    std::vector<std::string>::const_iterator begin, std::vector<std::string>::const_iterator end
) {
    std::vector<std::string> out;
    std::copy_if(begin, end, std::back_inserter(out), [](const auto& word) {
        return is_name(word) || is_role(word) || is_address(word);
    });
    return out;
}

// "@acme/frontend:random(2)": how Bitbucket picks from a group. We can't ask a part of one.
std::string without_choice(std::string word) {
    if (word.starts_with('@')) word.resize(std::min(word.size(), word.find(':')));
    return word;
}

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
struct Reading {
    OwnersForm form;
    std::vector<Section> sections{Section{}};
    std::vector<Rule> rules{};
};

// GitHub drops a whole line when its pattern or one of its owners is not understood.
void add_git_line(Reading& reading, const std::vector<std::string>& words) {
    std::string_view pattern = words.front();
    if (pattern.front() == '!' || pattern.front() == '\\' ||
        pattern.find_first_of("[]") != std::string_view::npos) {
        return;
    }
    Rule rule;
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
        const std::string owner = without_choice(*word);
        if (!is_name(owner) && !is_address(owner)) return;
        rule.owners.push_back(owner);
    }
    if (pattern.ends_with('/')) {
        rule.folders_only = true;
        pattern.remove_suffix(1);
    }
    const bool anywhere = pattern.find('/') == std::string_view::npos;
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    // "/" alone is the whole repository, "docs/*" only what is right in there.
    rule.everything_below = !(pattern.ends_with("/*") || pattern == "*") || rule.folders_only;
    if (pattern.empty()) pattern = "**";
    rule.glob = (anywhere ? "**/" : "") + glob_from_git(pattern);
    reading.rules.push_back(std::move(rule));
}

// "[Name]", "^[Name][2] @owner": sections of one name are one.
bool add_section(Reading& reading, std::string_view line, std::size_t& section) {
    if (line.starts_with('^')) line.remove_prefix(1);
    if (!line.starts_with('[')) return false;
    auto end = line.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    const std::string name = lower(line.substr(1, end - 1));
    line.remove_prefix(end + 1);
    if (line.starts_with('[')) {
        end = line.find(']');
        if (end == std::string_view::npos) return false;
        line.remove_prefix(end + 1);
    }
    if (!line.empty() && kBlank.find(line.front()) == std::string_view::npos) return false;
    const auto words = words_of(line, false, false);
    const auto same =
        std::find_if(reading.sections.begin() + 1, reading.sections.end(), [&](const Section& one) {
            return one.name == name;
        });
    section = static_cast<std::size_t>(same - reading.sections.begin());
    if (same == reading.sections.end()) reading.sections.push_back({.name = name});
    const auto owners = owners_among(words.begin(), words.end());
    if (!owners.empty()) reading.sections[section].owners = owners;
    return true;
}

void add_gitlab_line(Reading& reading, std::string_view line, std::size_t& section) {
    if (add_section(reading, line, section)) return;
    auto words = words_of(line, false, true);
    Rule rule{.section = section};
    std::string_view pattern = words.front();
    if (pattern.starts_with('!')) {
        rule.negative = true;
        pattern.remove_prefix(1);
    }
    if (pattern.empty()) return;
    rule.owners = owners_among(words.begin() + 1, words.end());
    if (rule.owners.empty()) rule.owners = reading.sections[section].owners;
    const bool anywhere = !pattern.starts_with('/');
    if (!anywhere) pattern.remove_prefix(1);
    std::string git{pattern};
    if (git.empty() || git.ends_with('/')) {
        git += "**/*";
    } else if (git == "**" || git.ends_with("/**")) {
        git.pop_back();  // fnmatch knows "**" only before a slash
    }
    rule.glob = (anywhere ? "**/" : "") + glob_from_git(git);
    reading.rules.push_back(std::move(rule));
}

void add_gitea_line(Reading& reading, const std::vector<std::string>& words) {
    Rule rule;
    std::string_view pattern = words.front();
    if (pattern.starts_with('!')) {
        rule.negative = true;
        pattern.remove_prefix(1);
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto regex = std::make_shared<const re2::RE2>("^(?:" + std::string{pattern} + ")$", options);
    if (!regex->ok()) return;
    rule.regex = std::move(regex);
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
        if (is_name(*word) || is_address(*word)) rule.owners.push_back(*word);
    }
    if (!rule.owners.empty()) reading.rules.push_back(std::move(rule));
}

Reading read(OwnersForm form, std::string_view text) {
    Reading reading{.form = form};
    std::size_t section = 0;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty() && reading.rules.size() < kMostRules) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(kBlank)));
        if (line.empty() || line.front() == '#') continue;
        if (form == OwnersForm::Gitlab) {
            add_gitlab_line(reading, line, section);
            continue;
        }
        const auto words = words_of(line, true, form != OwnersForm::Gitea);
        if (words.empty() || words.front().empty()) continue;
        form == OwnersForm::Gitea ? add_gitea_line(reading, words) : add_git_line(reading, words);
    }
    return reading;
}

bool fits(const Rule& rule, std::string_view path) {
    if (rule.regex) {
        return re2::RE2::FullMatch(re2::StringPiece{path.data(), path.size()}, *rule.regex) !=
               rule.negative;
    }
    if (!rule.folders_only && glob_matches(rule.glob, path)) return true;
    if (!rule.everything_below) return false;
    for (std::size_t at = path.find('/'); at != std::string_view::npos;
         at = path.find('/', at + 1)) {
        if (glob_matches(rule.glob, path.substr(0, at))) return true;
    }
    // "/" has no folder above its files to fit.
    return rule.folders_only && rule.glob == "**";
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
    const Reading reading = read(form, text);
    std::vector<bool> counts(reading.rules.size());
    for (const auto& path : paths) {
        std::vector<std::optional<std::size_t>> last(reading.sections.size());
        std::vector<bool> out(reading.sections.size());
        for (std::size_t i = 0; i < reading.rules.size(); ++i) {
            const Rule& rule = reading.rules[i];
            if (!fits(rule, path)) continue;
            if (form == OwnersForm::Gitea) {
                counts[i] = true;
            } else if (rule.negative) {
                out[rule.section] = true;
            } else {
                last[rule.section] = i;
            }
        }
        for (std::size_t section = 0; section < last.size(); ++section) {
            if (last[section] && !out[section]) counts[*last[section]] = true;
        }
    }
    std::vector<std::string> people;
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < reading.rules.size(); ++i) {
        if (!counts[i]) continue;
        for (const auto& owner : reading.rules[i].owners) {
            std::string key = lower(owner);
            if (!is_name(owner) || std::find(seen.begin(), seen.end(), key) != seen.end()) continue;
            seen.push_back(std::move(key));
            const bool team = owner.find('/') != std::string::npos;
            people.push_back((team ? "team:" : "reviewer:") + owner.substr(1));
        }
    }
    return people;
}

}  // namespace linkspan::plan
