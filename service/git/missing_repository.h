// Whether a server's own words mean that there is no such repository; the protocol has no code.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace linkspan::git {

inline bool means_missing_repository(std::string_view words) {
    constexpr std::array<std::string_view, 6> kWords{
        "epository not found",
        "no such repository",
        "not exported",
        "does not appear to be a git repository",
        "not a git repository",
        "ould not be found",
    };
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view known) {
        return words.find(known) != std::string_view::npos;
    });
}

}  // namespace linkspan::git
