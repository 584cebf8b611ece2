#include "core/plan/scope.h"

#include "core/glob.h"

#include <algorithm>
#include <string_view>

namespace linkspan::plan {
namespace {

// "./clusters/prod/" → "clusters/prod"; "." and "/" → "".
std::string_view normal(std::string_view prefix) {
    while (prefix.starts_with("./")) prefix.remove_prefix(2);
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    return prefix == "." ? std::string_view{} : prefix;
}

bool under(std::string_view path, std::string_view prefix) {
    const std::string_view p = normal(prefix);
    if (p.empty()) return true;
    return path == p || (path.size() > p.size() && path.starts_with(p) && path[p.size()] == '/');
}

}  // namespace

bool FieldWatch::wants(const std::string& path) const { return glob_matches(files, path); }

bool Scope::holds(const std::string& path) const {
    if (!paths.empty() &&
        std::none_of(paths.begin(), paths.end(), [&](const auto& p) { return under(path, p); })) {
        return false;
    }
    return std::none_of(ignore.begin(), ignore.end(), [&](const auto& glob) {
        return glob_matches(glob, path);
    });
}

std::vector<std::string> Scope::prefixes() const {
    std::vector<std::string> out;
    for (const auto& path : paths) {
        const std::string_view prefix = normal(path);
        if (prefix.empty()) return {};
        out.emplace_back(prefix);
    }
    return out;
}

bool Scope::same(const image::ImageName& a, const image::ImageName& b) const {
    return a == b || (mirrors && mirrors->same(a, b));
}

bool names_no_policy(const Scope& scope, const manifest::Place& place) {
    return place.kind == manifest::PlaceKind::Marker && scope.markers && scope.policies &&
           !std::binary_search(scope.policies->begin(), scope.policies->end(), place.policy);
}

bool follows(const Scope& scope, const policy::Policy& policy, const manifest::Place& place) {
    if (place.kind == manifest::PlaceKind::Marker) {
        return scope.markers && (place.policy == policy.full_name() ||
                                 (policy.name_space.empty() && place.policy == policy.name));
    }
    return scope.images && place.image && scope.same(*place.image, policy.image);
}

bool follows(
    const Scope& scope,
    const policy::Policy& policy,
    const FieldWatch& watch,
    const manifest::Place& place
) {
    if (!watch.policy.empty() && watch.policy != policy.full_name()) return false;
    return place.image ? scope.same(*place.image, policy.image) : !watch.policy.empty();
}

bool overlaps(const manifest::ByteSpan& a, const manifest::ByteSpan& b) {
    return a == b || (a.begin < b.end && b.begin < a.end);
}

bool governed(const manifest::Scan& scan, const manifest::Place& place) {
    for (const auto& other : scan.places) {
        if (other.kind != manifest::PlaceKind::Marker) continue;
        for (const auto& theirs : other.scalars) {
            for (const auto& ours : place.scalars) {
                if (overlaps(theirs.span, ours.span)) return true;
            }
        }
    }
    return false;
}

}  // namespace linkspan::plan
