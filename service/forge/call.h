// Call: one request to a forge, before it meets a network: what the builders make and the Caller
// sends.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::forge {

struct Call {
    std::string method = "GET";
    std::string path;    // below the API's base, encoded: "/repos/acme/fleet/pulls/7?page=2"
    std::string body{};  // JSON; empty: none
    // GitHub's GraphQL is at another place than the rest.
    bool graphql = false;
};

// "?a=1&b=2", encoded; names may be repeated. Empty values stay.
std::string make_query(const std::vector<std::pair<std::string_view, std::string>>& parameters);
// Encoded, but for '/': of a branch or file where the platform takes the rest of the path.
std::string encode_path(std::string_view text);

}  // namespace linkspan::forge
