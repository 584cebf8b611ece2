#include "webhooks/package_url.h"

#include "webhooks/form.h"
#include "webhooks/text.h"

namespace linkspan::webhooks {

std::optional<PackageUrl> PackageUrl::parse(std::string_view text) {
    if (!starts_with_ignoring_case(text, "pkg:")) return std::nullopt;
    text.remove_prefix(4);
    while (text.starts_with('/')) text.remove_prefix(1);
    text = text.substr(0, text.find('#'));

    PackageUrl url;
    if (const auto question = text.find('?'); question != std::string_view::npos) {
        std::string_view rest = text.substr(question + 1);
        text = text.substr(0, question);
        while (!rest.empty()) {
            const auto end = rest.find('&');
            const std::string_view pair = rest.substr(0, end);
            const auto equals = pair.find('=');
            if (equals != std::string_view::npos) {
                auto value = percent_decode(pair.substr(equals + 1));
                if (!value) return std::nullopt;
                url.qualifiers.emplace_back(lower(pair.substr(0, equals)), std::move(*value));
            }
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
    }
    const auto take = [](std::string_view encoded, std::string& field) {
        auto decoded = percent_decode(encoded);
        if (decoded) field = std::move(*decoded);
        return decoded.has_value();
    };
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        if (!take(text.substr(at + 1), url.version)) return std::nullopt;
        text = text.substr(0, at);
    }
    const auto first = text.find('/');
    if (first == std::string_view::npos) return std::nullopt;
    url.type = lower(text.substr(0, first));
    text.remove_prefix(first + 1);
    if (const auto last = text.rfind('/'); last != std::string_view::npos) {
        if (!take(text.substr(0, last), url.space)) return std::nullopt;
        text.remove_prefix(last + 1);
    }
    if (!take(text, url.name) || url.name.empty() || url.type.empty()) return std::nullopt;
    return url;
}

std::string PackageUrl::qualifier(std::string_view key) const {
    for (const auto& [field, value] : qualifiers) {
        if (field == key) return value;
    }
    return {};
}

}  // namespace linkspan::webhooks
