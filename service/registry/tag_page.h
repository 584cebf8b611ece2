// One page of a tag list. No sockets.
#pragma once

#include "core/result.h"
#include "service/transport/http_client.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linkspan::registry {

struct TagPage {
    std::vector<std::string> tags;
    std::size_t unreadable = 0;       // entries that no tag may look like; left out
    std::optional<std::string> next;  // as the Link header writes it
};

// Any status. `who` is the host, for messages.
Result<TagPage> read_tag_page(const transport::HttpResponse& response, std::string_view who);

}  // namespace linkspan::registry
