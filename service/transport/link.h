// Link: where the next page is (RFC 8288 part 3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linkspan::transport {

struct Link {
    std::string target;                                       // as written between < and >
    std::vector<std::pair<std::string, std::string>> params;  // names in lower case
    // Whether `rel` names the relation; `rel` may list several, and only the first `rel` counts.
    [[nodiscard]] bool is(std::string_view relation) const;
};

// One field value, which may hold several links. What can't be read ends the list.
std::vector<Link> parse_links(std::string_view field);

// The target of rel=next among the Link fields of an answer.
std::optional<std::string> find_next(const std::vector<std::pair<std::string, std::string>>& headers
);

}  // namespace linkspan::transport
