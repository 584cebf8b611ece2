#include "webhooks/written_image.h"

#include <algorithm>

namespace linkspan::webhooks {
namespace {

// Docker's rule for whether the first component is a host.
bool looks_like_host(std::string_view component) {
    return component == "localhost" || component.find_first_of(".:") != std::string_view::npos ||
           std::any_of(component.begin(), component.end(), [](char c) {
               return c >= 'A' && c <= 'Z';
           });
}

}  // namespace

WrittenImage split_image(std::string_view text) {
    WrittenImage written;
    const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
    if (has_scheme) text.remove_prefix(text.find("//") + 2);
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        written.digest = text.substr(at + 1);
        text = text.substr(0, at);
    }
    const auto last_slash = text.rfind('/');
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos &&
        (last_slash == std::string_view::npos || colon > last_slash)) {
        written.tag = text.substr(colon + 1);
        text = text.substr(0, colon);
    }
    const auto slash = text.find('/');
    if (slash != std::string_view::npos && (has_scheme || looks_like_host(text.substr(0, slash)))) {
        written.host = text.substr(0, slash);
        text.remove_prefix(slash + 1);
    }
    written.repository = text;
    return written;
}

}  // namespace linkspan::webhooks
