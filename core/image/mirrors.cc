#include "core/image/mirrors.h"

#include "core/image/quote.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace linkspan::image {
namespace {

// What is behind the prefix: "library/nginx"; nullopt when the name is not below it.
std::optional<std::string_view> below(std::string_view name, std::string_view prefix) {
    if (name.size() <= prefix.size() + 1 || !name.starts_with(prefix) ||
        name[prefix.size()] != '/') {
        return std::nullopt;
    }
    return name.substr(prefix.size() + 1);
}

}  // namespace

Result<std::string> parse_prefix(std::string_view text) {
    // A prefix with one more part is an image's name, and has its rules.
    const auto name = ImageName::parse(std::string{text} + "/x/x");
    const auto bad = [&](std::string_view why) {
        return Error{Errc::InvalidInput, fmt::format("{}: {}", quote(text), why)};
    };
    constexpr std::string_view kForm =
        "write a host, or a host and a path: registry.example.com/hub";
    if (name.has_error() || text.ends_with('/')) return bad(kForm);
    const std::string_view first = text.substr(0, text.find('/'));
    const bool host = first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
    if (!host) return bad(kForm);
    const std::string full = name->str();
    return full.substr(0, full.size() - 4);
}

Status Mirrors::add(std::string_view source, std::string_view mirror) {
    LINKSPAN_TRY(from, parse_prefix(source));
    LINKSPAN_TRY(to, parse_prefix(mirror));
    if (from == to) {
        return Error{Errc::InvalidInput, fmt::format("{} is no mirror of itself", quote(mirror))};
    }
    pairs_.push_back({std::move(from), std::move(to)});
    return {};
}

ImageName Mirrors::meaning(const ImageName& name) const {
    if (pairs_.empty()) return name;
    const std::string text = name.str();
    const Pair* best = nullptr;
    for (const Pair& pair : pairs_) {
        if (below(text, pair.mirror) &&
            (best == nullptr || pair.mirror.size() > best->mirror.size())) {
            best = &pair;
        }
    }
    if (best == nullptr) return name;
    auto meant = ImageName::parse(fmt::format("{}/{}", best->source, *below(text, best->mirror)));
    return meant ? std::move(*meant) : name;
}

std::vector<ImageName> Mirrors::names_of(const ImageName& name) const {
    std::vector<ImageName> out{name};
    if (pairs_.empty()) return out;
    const auto add = [&](const std::string& text) {
        auto parsed = ImageName::parse(text);
        // A longer mirror may mean something else by the same name.
        if (parsed && std::find(out.begin(), out.end(), *parsed) == out.end() &&
            same(*parsed, name)) {
            out.push_back(std::move(*parsed));
        }
    };
    const std::string own = meaning(name).str();
    add(own);
    for (const Pair& pair : pairs_) {
        const auto rest = below(own, pair.source);
        if (!rest) continue;
        add(fmt::format("{}/{}", pair.mirror, *rest));
        constexpr std::string_view kLibrary = "library/";
        if (pair.source == "docker.io" && rest->starts_with(kLibrary)) {
            add(fmt::format("{}/{}", pair.mirror, rest->substr(kLibrary.size())));
        }
    }
    return out;
}

}  // namespace linkspan::image
