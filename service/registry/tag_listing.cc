#include "service/registry/tag_listing.h"

#include <fmt/format.h>

#include <utility>

namespace linkspan::registry {
namespace {

constexpr std::size_t kMaxPages = 10000;
// Pages in a row that bring nothing new: the list does not end.
constexpr int kMaxBarrenPages = 10;

}  // namespace

Result<bool> TagListing::add(
    const std::string& url, TagPage page, std::size_t max_tags, std::string_view who
) {
    seen_pages_.insert(url);
    list_.unreadable += page.unreadable;
    const std::size_t before = list_.tags.size();
    for (auto& tag : page.tags) {
        if (!seen_tags_.insert(tag).second) continue;
        if (list_.tags.size() == max_tags) {
            list_.truncated = true;
            done_ = true;
            return false;
        }
        list_.tags.push_back(std::move(tag));
    }
    done_ = !page.next;
    if (done_) return false;
    barren_ = list_.tags.size() == before ? barren_ + 1 : 0;
    if (barren_ == kMaxBarrenPages || seen_pages_.size() == kMaxPages) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{} lists pages without end: {} pages, {} tags", who, pages(), tags())};
    }
    return true;
}

Status TagListing::go_to(std::string url, std::string_view who) {
    if (seen_pages_.contains(url)) {
        return Error{
            Errc::InvalidInput,
            fmt::format("{} links from page to page in a circle; the list can't be complete", who)};
    }
    url_ = std::move(url);
    return {};
}

}  // namespace linkspan::registry
