#include "core/plan/commit_style.h"

#include <algorithm>
#include <cctype>

namespace linkspan::plan {
namespace {

constexpr std::string_view kPrefix = "chore(images): ";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// https://www.conventionalcommits.org/en/v1.0.0/: type, optional (scope), optional !, ": ".
bool is_conventional(std::string_view subject) {
    std::size_t i = 0;
    while (i < subject.size() && is_lower(subject[i])) ++i;
    if (i < 2 || i > 12) return false;
    if (i < subject.size() && subject[i] == '(') {
        const auto close = subject.find(')', i);
        if (close == std::string_view::npos || close == i + 1) return false;
        i = close + 1;
    }
    if (i < subject.size() && subject[i] == '!') ++i;
    return subject.substr(i).starts_with(": ") && subject.size() > i + 2;
}

bool says_nothing(std::string_view subject) {
    static constexpr std::string_view kMade[] = {
        "Merge ", "Merged ", "Revert \"", "Initial commit", kPrefix};
    return subject.empty() || std::any_of(std::begin(kMade), std::end(kMade), [&](auto start) {
               return subject.starts_with(start);
           });
}

// "Update web to 1.1.0 in prod", "Update 3 images in prod"
bool is_ours(std::string_view subject) {
    return subject.starts_with("Update ") && subject.find(" in ") != std::string_view::npos;
}

}  // namespace

CommitStyle style_of(std::span<const std::string> subjects) {
    std::size_t conventional = 0;
    std::size_t plain = 0;
    for (const auto& subject : subjects) {
        if (says_nothing(subject) || is_ours(subject)) continue;
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
