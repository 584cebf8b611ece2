// TagListing: a repository's list of tags on its way, page by page, so that whoever fetches it can
// let others go in between, and go on after a page that failed. No sockets, no clock.
//
// What a hostile registry makes endless ends here: pages in a circle, pages without news, more
// pages or tags than anybody has.
#pragma once

#include "core/image/reference.h"
#include "core/result.h"
#include "service/registry/tag_page.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

namespace linkspan::registry {

struct TagList {
    std::vector<std::string> tags;
    bool truncated = false;
    std::size_t unreadable = 0;  // entries that no tag may look like; left out
};

class TagListing {
public:
    explicit TagListing(image::ImageName image) : image_{std::move(image)} {}

    [[nodiscard]] const image::ImageName& image() const { return image_; }
    [[nodiscard]] bool done() const { return done_; }
    [[nodiscard]] std::size_t pages() const { return seen_pages_.size(); }
    [[nodiscard]] std::size_t tags() const { return list_.tags.size(); }
    // What was listed; once.
    [[nodiscard]] TagList take() { return std::move(list_); }

    // For the Client. The page to ask for; empty: the first.
    [[nodiscard]] const std::string& url() const { return url_; }
    // The answer for `url`. True: there is another page, at the page's Link, to be told by go_to().
    // Errors: InvalidInput for a list without end. `who` is the host, for messages.
    Result<bool> add(
        const std::string& url, TagPage page, std::size_t max_tags, std::string_view who
    );
    Status go_to(std::string url, std::string_view who);
    // How long the registry has taken so far.
    std::chrono::steady_clock::duration spent{};

private:
    image::ImageName image_;
    TagList list_;
    std::string url_;
    bool done_ = false;
    int barren_ = 0;  // pages in a row that brought nothing new
    std::unordered_set<std::string> seen_tags_;
    std::unordered_set<std::string> seen_pages_;
};

}  // namespace linkspan::registry
