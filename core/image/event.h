// ImageEvent: "this tag of this image was pushed", as its sender says. A claim until the registry
// confirms it.
#pragma once

#include "core/image/reference.h"

#include <optional>
#include <string>

namespace linkspan::image {

struct ImageEvent {
    ImageName image;
    Tag tag;
    // As the sender wrote it, at most 256 bytes, not checked: senders abbreviate and redact. Use
    // Digest::parse, and treat a failure as absent.
    std::optional<std::string> digest;
    // Facts that many senders lack; absent, not empty.
    std::optional<std::string> media_type;
    std::optional<std::string> pushed_at;  // RFC 3339 where the sender's form allows it
    std::optional<std::string> revision;   // commit of the source that was built
    std::optional<std::string> source;     // URL of the source repository
    std::optional<std::string> build_url;
    std::optional<std::string> actor;

    friend bool operator==(const ImageEvent&, const ImageEvent&) = default;
};

}  // namespace linkspan::image
