#include "core/plan/commit_style.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace linkspan::plan {
namespace {

constexpr std::string_view kPrefix = "chore(images): ";

using Words = std::initializer_list<std::string_view>;

bool starts_with_any(std::string_view text, Words words) {
    return std::any_of(words.begin(), words.end(), [&](auto word) {
        return text.starts_with(word);
    });
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// https://www.conventionalcommits.org/en/v1.0.0/: type, optional (scope), optional !, ": ". Only
// types that are in use: "web: fix the port" names a part of the system, as people do elsewhere.
bool is_conventional(std::string_view subject) {
    static constexpr std::string_view kTypes[] = {
        "build",    "chore",   "ci",     "config",   "deploy", "deps",  "docs",  "feat",
        "feature",  "fix",     "hotfix", "image",    "images", "infra", "ops",   "perf",
        "refactor", "release", "revert", "security", "style",  "test",  "tests", "wip"};
    std::size_t i = 0;
    while (i < subject.size() && is_lower(subject[i])) ++i;
    const auto type = subject.substr(0, i);
    if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) return false;
    if (i < subject.size() && subject[i] == '(') {
        const auto close = subject.find(')', i);
        if (close == std::string_view::npos || close == i + 1) return false;
        i = close + 1;
    }
    if (i < subject.size() && subject[i] == '!') ++i;
    return subject.substr(i).starts_with(": ") && subject.size() > i + 2;
}

// "Update values.yaml": what platforms suggest when a file is edited in the browser.
bool is_browser_edit(std::string_view subject) {
    for (const std::string_view verb : {"Update ", "Create ", "Delete ", "Rename "}) {
        if (!subject.starts_with(verb)) continue;
        const auto file = subject.substr(verb.size());
        return file.find(' ') == std::string_view::npos && file.find('.') != std::string_view::npos;
    }
    return subject.starts_with("Add files via upload");
}

// Bots that write alike whatever the people of the repository do.
bool is_a_bots(std::string_view subject) {
    if (starts_with_any(
            subject,
            {"build: automatic update of ",  // Argo CD Image Updater
             "Update from image update automation",
             "Automated image update",
             "[ImageUpdateAutomation]",
             "Update dependency ",
             "Update Helm release ",
             "Update docker.io/",
             "Update ghcr.io/",
             "Pin dependencies"}
        )) {
        return true;
    }
    return subject.starts_with("Bump ") && subject.find(" from ") != std::string_view::npos &&
           subject.find(" to ") != std::string_view::npos;
}

// "Update web to 1.1.0 in prod", "Roll back 3 images in prod", and what becomes of them.
bool is_ours(std::string_view subject) {
    return starts_with_any(subject, {"Update ", "Roll back "}) &&
           subject.find(" in ") != std::string_view::npos;
}

bool says_nothing(std::string_view subject) {
    return subject.empty() ||
           starts_with_any(
               subject,
               {"Merge ", "Merged ", "Revert \"", "Initial commit", "fixup! ", "squash! ", kPrefix}
           ) ||
           is_browser_edit(subject) || is_a_bots(subject) || is_ours(subject);
}

// Azure DevOps puts "Merged PR 12: " before the title when it squashes.
std::string_view written_by_people(std::string_view subject) {
    constexpr std::string_view kMerged = "Merged PR ";
    if (!subject.starts_with(kMerged)) return subject;
    const auto rest = subject.find_first_not_of("0123456789", kMerged.size());
    if (rest == std::string_view::npos || !subject.substr(rest).starts_with(": ")) return subject;
    return subject.substr(rest + 2);
}

}  // namespace

CommitStyle style_of(std::span<const std::string> subjects) {
    std::size_t conventional = 0;
    std::size_t plain = 0;
    for (const auto& whole : subjects) {
        const auto subject = written_by_people(whole);
        if (says_nothing(subject)) continue;
        ++(is_conventional(subject) ? conventional : plain);
    }
    return conventional >= 3 && conventional > plain ? CommitStyle::Conventional
                                                     : CommitStyle::Plain;
}

std::string subject_in(CommitStyle style, std::string_view sentence) {
    std::string text{sentence};
    if (style == CommitStyle::Plain) return text;
    if (!text.empty()) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return std::string{kPrefix} + text;
}

}  // namespace linkspan::plan
