#include "service/forge/gitea_pages.h"

#include <charconv>
#include <optional>

namespace linkspan::forge::gitea {

using transport::HttpResponse;

namespace {

std::optional<std::size_t> total_of(const HttpResponse& response) {
    const auto header = response.header("x-total-count");
    if (!header) return std::nullopt;
    std::size_t total = 0;
    const auto [end, code] =
        std::from_chars(header->data(), header->data() + header->size(), total);
    if (code != std::errc{} || end != header->data() + header->size()) return std::nullopt;
    return total;
}

}  // namespace

Result<Json> numbered_pages(Caller& caller, const Pages& wanted) {
    unsigned number = 1;
    std::size_t seen = 0;
    const auto read = [&](const Call&, const HttpResponse& response, Json body) {
        Caller::Page page{
            .items = wanted.member.empty() ? std::move(body) : field(body, {wanted.member}),
            .next = std::nullopt};
        if (!page.items.is_array() || page.items.empty()) return page;
        seen += page.items.size();
        const auto total = wanted.counted ? total_of(response) : std::nullopt;
        if (total && seen >= *total) return page;
        if (!wanted.enough || !wanted.enough(page.items)) page.next = wanted.make(++number);
        return page;
    };
    return caller.pages(wanted.make(1), read);
}

}  // namespace linkspan::forge::gitea
