// Gitea's and Forgejo's lists, page by page. Pages are counted: the links to next pages carry the
// address that the server is configured to have, which need not be the one that it is asked at, and
// labels, milestones and timelines have no links.
#pragma once

#include "service/forge/caller.h"

#include <functional>
#include <string_view>

namespace linkspan::forge::gitea {

struct Pages {
    std::function<Call(unsigned page)> make;
    std::string_view member{};                        // where the items are; empty: the answer
    bool counted = true;                              // the total of the answer is of all pages
    std::function<bool(const Json& items)> enough{};  // no further pages after these
};

// Errors: as Caller::pages().
Result<Json> numbered_pages(Caller& caller, const Pages& wanted);

}  // namespace linkspan::forge::gitea
