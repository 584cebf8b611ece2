// Writes whose answer was lost: an error 5xx or a timeout says nothing about the effect, so the
// platform is asked before anything is repeated or reported.
#pragma once

#include "service/forge/forge.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace linkspan::forge {

// Whether the request may have had its effect.
inline bool is_uncertain(const Error& error) {
    return error.kind == Errc::Unavailable || error.kind == Errc::Timeout;
}

// The open one that the lost answer was about, or the error.
inline Result<PullRequest> look_for_opened(
    Forge& forge, const NewPullRequest& wanted, const Error& lost
) {
    if (!is_uncertain(lost)) return lost;
    auto found = forge.find(wanted.head, wanted.base, State::Open);
    if (found.has_error() || found->empty()) return lost;
    return std::move(found->front());
}

// Success when the comment is there after all.
inline Status look_for_comment(
    Forge& forge, const PullRequest& now, const std::string& text, const Error& lost
) {
    if (!is_uncertain(lost)) return lost;
    auto comments = forge.comments(now);
    if (comments.has_error()) return lost;
    const bool there = std::any_of(comments->begin(), comments->end(), [&](const Comment& comment) {
        return comment.body == text;
    });
    return there ? Status{} : Status{lost};
}

// Merged when it is after all.
inline Result<MergeAnswer> look_for_merged(
    Forge& forge, const PullRequest& now, const Error& lost
) {
    if (!is_uncertain(lost)) return lost;
    auto found = forge.get(now.number);
    if (found.has_error() || found->state != State::Merged) return lost;
    return MergeAnswer{Merged{found->merge_commit}};
}

inline Error unsupported(std::string_view platform, std::string_view what) {
    return {
        Errc::InvalidInput, std::string{platform} + " has no " + std::string{what} + " for this"};
}

// Those of `wanted` that are not in `have`, each once; letter case does not count (names of users
// and labels are the same in any on every platform but GitLab, where labels differ: there it asks
// for less than it could).
std::vector<std::string> missing_from(
    const std::vector<std::string>& have, const std::vector<std::string>& wanted
);
bool equal_ignoring_case(std::string_view a, std::string_view b);
bool contains_ignoring_case(const std::vector<std::string>& list, std::string_view wanted);
// At most `most` characters (UTF-8), with an ellipsis when cut.
std::string shortened(const std::string& text, std::size_t most);

// What a title is without "Draft: ", "WIP: " and their like, and whether it had one.
struct Title {
    std::string text;
    bool draft = false;
};
Title read_title(std::string_view title, const std::vector<std::string_view>& prefixes);

}  // namespace linkspan::forge
