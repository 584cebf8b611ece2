#include "core/manifest/marker.h"

#include "core/image/quote.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace linkspan::manifest {

namespace {

constexpr std::string_view kShortKey = "$imagepolicy";
constexpr std::string_view kLongKey = "$ref";
constexpr std::string_view kLongPrefix = "#/definitions/io.k8s.cli.setters.";
constexpr std::size_t kLongest = 4'096;

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

Error bad(std::string message) { return Error{Errc::InvalidInput, std::move(message)}; }

std::optional<Role> role_of(std::string_view suffix) {
    if (suffix == "tag") return Role::Tag;
    if (suffix == "name") return Role::Name;
    if (suffix == "digest") return Role::Digest;
    if (suffix == "tag@digest") return Role::TagDigest;
    return std::nullopt;
}

// Kubernetes names are narrower; what matters here is that nothing unreadable gets into a policy
// name.
bool is_name(std::string_view text) {
    return text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
               return c > ' ' && c != ':' && c != '"' && c != '\x7f';
           });
}

Result<Marker> parse_target(std::string_view text) {
    Marker marker;
    const std::size_t first = text.find(':');
    if (first == std::string_view::npos) {
        if (text.empty() || !is_name(text)) return bad("the marker names no policy");
        marker.policy = text;
        return marker;
    }
    const std::string_view space = text.substr(0, first);
    std::string_view name = text.substr(first + 1);
    const std::size_t second = name.find(':');
    if (second != std::string_view::npos) {
        const std::string_view suffix = name.substr(second + 1);
        name = name.substr(0, second);
        const auto role = role_of(suffix);
        if (!role) {
            return bad(fmt::format(
                "the marker's suffix {} is not one of :tag, :name, :digest, :tag@digest",
                image::quote(suffix)
            ));
        }
        marker.role = *role;
    }
    if (name.empty() || !is_name(name) || !is_name(space)) {
        return bad(
            fmt::format("the marker's policy {} is not \"namespace:name\"", image::quote(text))
        );
    }
    marker.policy = space.empty() ? std::string{name} : fmt::format("{}:{}", space, name);
    return marker;
}

}  // namespace

Result<Marker> parse_marker(std::string_view comment) {
    comment = trim(comment);
    comment.remove_prefix(std::min(comment.find_first_not_of('#'), comment.size()));
    comment = trim(comment);
    if (comment.size() > kLongest) return bad("the marker is too long");
    const auto json = nlohmann::json::parse(comment, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded() || !json.is_object()) {
        return bad(
            "the marker is not read: the whole comment must be one JSON object, "
            R"({"$imagepolicy": "namespace:name"})"
        );
    }
    for (const std::string_view key : {kShortKey, kLongKey}) {
        const auto found = json.find(key);
        if (found == json.end()) continue;
        if (!found->is_string()) {
            return bad(fmt::format("the marker's {} is not a string", image::quote(key)));
        }
        std::string_view target = found->get_ref<const std::string&>();
        if (key == kLongKey) {
            if (!target.starts_with(kLongPrefix)) continue;
            target.remove_prefix(kLongPrefix.size());
        }
        return parse_target(target);
    }
    return bad(R"(the marker has no "$imagepolicy")");
}

}  // namespace linkspan::manifest
