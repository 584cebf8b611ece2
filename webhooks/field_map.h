// FieldMap: where the facts stand in a body that no sender of ours knows.
//
// Each value is a template: text with places in braces. A value that begins with '/' is one place.
//
//   /repository/name            JSON Pointer (RFC 6901)
//   {/registry}/{/repo/name}    text around places
//   {header:X-Event}            a request header
//   {body:/project/id}          from the top of the body, where `each` narrows the view
//   {/owner|lower}  {/sha|first:7}   changed on the way
//   /results/[name=IMAGE_URL]/value  the element of a list whose member `name` says so
//
// A place that holds a list gives one event per element ("/updated_tags").
#pragma once

#include "core/result.h"

#include <string>
#include <utility>
#include <vector>

namespace linkspan::webhooks {

struct FieldMap {
    std::string each;  // a list whose elements are read one by one; empty: the body itself
    // All of these must hold, or the delivery is ignored: a template and a pattern over its value.
    std::vector<std::pair<std::string, std::string>> when;
    std::string id;     // of the delivery
    std::string image;  // "host/repository", may carry tag and digest
    std::string tag;
    std::string digest;
    std::string media_type;
    std::string pushed_at;
    std::string revision;
    std::string source;
    std::string build_url;
    std::string actor;

    // Without an image nothing can be read by it.
    [[nodiscard]] bool empty() const { return image.empty(); }
};

// For the config's loader. Errors: InvalidInput naming the field and what is wrong with it.
Status check_field_map(const FieldMap& fields);

}  // namespace linkspan::webhooks
