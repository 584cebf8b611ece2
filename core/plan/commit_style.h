// How a repository's people write the subjects of their commits, so that ours look like theirs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace linkspan::plan {

enum class CommitStyle {
    Plain,         // "Update app to 1.2.3 in prod"
    Conventional,  // "chore(images): update app to 1.2.3 in prod"
};

// Of recent subjects, newest first. Merges, reverts, edits in a browser, bots that write alike
// everywhere, and subjects that Linkspan wrote in either style say nothing. Plain unless at least
// three, and most, are conventional.
CommitStyle style_of(std::span<const std::string> subjects);

// A sentence as a subject of that style.
std::string subject_in(CommitStyle style, std::string_view sentence);

}  // namespace linkspan::plan
