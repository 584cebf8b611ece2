// WWW-Authenticate: what a server wants to see before it answers (RFC 9110 part 11).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::registry {

struct Challenge {
    std::string scheme;                                       // lower case: "bearer", "basic"
    std::string token68;                                      // the form without parameters
    std::vector<std::pair<std::string, std::string>> params;  // names in lower case
    [[nodiscard]] std::optional<std::string> param(std::string_view name) const;
};

// One field value, which may hold several challenges. Where it stops making sense the rest is
// dropped: a server that adds an unknown scheme must not hide the one that we know.
std::vector<Challenge> parse_challenges(std::string_view field);

}  // namespace linkspan::registry
