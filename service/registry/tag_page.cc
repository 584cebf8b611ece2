#include "service/registry/tag_page.h"

#include "core/image/reference.h"
#include "service/registry/answer.h"
#include "service/transport/link.h"

#include <nlohmann/json.hpp>

namespace linkspan::registry {

using nlohmann::json;

Result<TagPage> read_tag_page(const transport::HttpResponse& response, std::string_view who) {
    if (response.status != 200) return explain(response, who);
    json document = json::parse(response.body, nullptr, false);
    const auto tags = document.is_object() ? document.find("tags") : document.end();
    // A repository whose last tag was deleted has "tags": null.
    const bool is_list =
        document.is_object() && tags != document.end() && (tags->is_array() || tags->is_null());
    if (media_type_of(response) == "text/html" || !is_list) {
        return explain_not_json(response, who);
    }
    TagPage page;
    page.tags.reserve(tags->size());
    for (auto& entry : *tags) {
        if (entry.is_string() && image::Tag::parse(entry.get_ref<std::string&>()).has_value()) {
            page.tags.push_back(std::move(entry.get_ref<std::string&>()));
        } else {
            ++page.unreadable;
        }
    }
    page.next = transport::find_next(response.headers);
    return page;
}

}  // namespace linkspan::registry
