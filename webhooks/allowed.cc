#include "webhooks/allowed.h"

#include <fmt/format.h>

#include <algorithm>

namespace linkspan::webhooks {

bool glob_matches(std::string_view pattern, std::string_view text) {
    // reached[i]: the pattern so far can have eaten the first i characters.
    std::vector<char> reached(text.size() + 1, 0);
    reached[0] = 1;
    for (std::size_t p = 0; p < pattern.size(); ++p) {
        if (pattern[p] == '*') {
            const bool any = p + 1 < pattern.size() && pattern[p + 1] == '*';
            if (any) ++p;
            for (std::size_t i = 0; i < text.size(); ++i) {
                if (reached[i] != 0 && (any || text[i] != '/')) reached[i + 1] = 1;
            }
            continue;
        }
        for (std::size_t i = text.size(); i > 0; --i) {
            const char c = text[i - 1];
            const bool eats = pattern[p] == '?' ? c != '/' : c == pattern[p];
            reached[i] = static_cast<char>(reached[i - 1] != 0 && eats);
        }
        reached[0] = 0;
    }
    return reached[text.size()] != 0;
}

Status check_allowed(const Receiver& receiver, const std::vector<image::ImageEvent>& events) {
    if (receiver.images.empty()) return {};
    for (const image::ImageEvent& event : events) {
        const std::string name = event.image.str();
        const bool allowed = std::any_of(
            receiver.images.begin(),
            receiver.images.end(),
            [&](const std::string& pattern) { return glob_matches(pattern, name); }
        );
        if (!allowed) {
            return Error{
                Errc::Unauthorized,
                fmt::format("receiver {} may not speak for {}", receiver.name, name)};
        }
    }
    return {};
}

}  // namespace linkspan::webhooks
